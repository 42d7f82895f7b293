import { tooManyItems } from "./decode-tokens.ts";

/** As many as OpenAI takes. */
const maxStops = 4;

/**
 * Throws `invalid_request` for what the schema lets pass because clients send it, and OpenAI refuses. Fields without
 * effect are dispatch's to refuse, which knows what the backend takes.
 */
export function refuseLikeOpenai({ stop }: { stop?: string | readonly string[] | null | undefined }): void {
  if (typeof stop !== "string" && (stop?.length ?? 0) > maxStops) throw tooManyItems("stop", maxStops);
}
