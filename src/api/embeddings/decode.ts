import { ServeError } from "../../core/error.ts";
import type { EmbeddingInput, EmbeddingRequest } from "../../core/generation.ts";
import { decodeTokens, emptyList, mixedItems, tooManyItems, wrongType } from "../common/decode-tokens.ts";
import { extraFields, given } from "../common/sampling.ts";
import { CreateEmbeddingRequest } from "./schema.ts";

const readFields: ReadonlySet<string> = new Set(Object.keys(CreateEmbeddingRequest.properties));
/** OpenAI's own limit, which its clients cut their batches by. */
const maxInputs = 2_048;

/** Throws `invalid_request` for what the schema cannot say. */
export function decode(body: CreateEmbeddingRequest): EmbeddingRequest {
  return {
    model: body.model ?? "",
    inputs: decodeInputs(body.input),
    ...given("dimensions", body.dimensions),
    extra: extraFields(body, readFields),
  };
}

function decodeInputs(input: unknown): EmbeddingInput[] {
  if (input === undefined || input === null) {
    throw new ServeError("invalid_request", "'input' is required.", {
      code: "missing_required_parameter",
      param: "input",
    });
  }
  if (typeof input === "string") return [decodeText(input, "input")];
  if (!Array.isArray(input)) throw wrongType("input", "a string or an array");
  const items: readonly unknown[] = input;
  if (items.length === 0) throw emptyList("input");
  if (items.length > maxInputs) throw tooManyItems("input", maxInputs);
  if (typeof items[0] === "number") return [{ kind: "tokens", tokens: decodeTokens(items, "input") }];
  if (typeof items[0] === "string") {
    return items.map((item, index) => decodeText(item, `input[${index}]`));
  }
  return items.map(decodeTokenList);
}

function decodeText(item: unknown, param: string): EmbeddingInput {
  if (typeof item !== "string") throw mixedItems("input");
  if (item !== "") return { kind: "text", text: item };
  throw new ServeError("invalid_request", `'${param}' must not be empty.`, { code: "invalid_value", param });
}

function decodeTokenList(item: unknown, index: number): EmbeddingInput {
  if (!Array.isArray(item)) throw mixedItems("input");
  const param = `input[${index}]`;
  if (item.length === 0) throw emptyList(param);
  return { kind: "tokens", tokens: decodeTokens(item, param) };
}
