import { ServeError } from "../../core/error.ts";
import { tooManyItems } from "./decode-tokens.ts";

/** As many as OpenAI takes. */
const maxStops = 4;
/** As few as OpenAI takes. */
const leastOutputTokens = 16;

/**
 * Throws `invalid_request` for what the schema lets pass because clients send it, and OpenAI refuses. Fields without
 * effect are dispatch's to refuse, which knows what the backend takes.
 */
export function refuseLikeOpenai({ stop, max_output_tokens: limit }: Lenient): void {
  if (typeof stop !== "string" && (stop?.length ?? 0) > maxStops) throw tooManyItems("stop", maxStops);
  if (limit != null && limit < leastOutputTokens) {
    throw new ServeError("invalid_request", `'max_output_tokens' must be at least ${leastOutputTokens}.`, {
      code: "integer_below_min_value",
      param: "max_output_tokens",
    });
  }
}

/** The fields whose bounds are wider here. */
interface Lenient {
  stop?: string | readonly string[] | null | undefined;
  max_output_tokens?: number | null | undefined;
}
