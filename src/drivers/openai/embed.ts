import type { CallContext, EmbeddingRequest, EmbeddingResult } from "../../core/generation.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { encodeEmbedding } from "./encode.ts";
import { MalformedAnswer } from "./malformed.ts";
import { parseJson, readWhole } from "./read-answer.ts";
import { readError } from "./read-error.ts";
import { toServeError, toStreamFailure } from "./status.ts";
import type { Upstream } from "./upstream.ts";

/** All inputs in one call. Rejects with a `ServeError`. */
export async function embed(
  request: EmbeddingRequest,
  context: CallContext,
  upstream: Upstream,
): Promise<EmbeddingResult> {
  try {
    const answer = await upstream.post(encodeEmbedding(request), context);
    const body = parseJson(await readWhole(answer));
    if (!isRecord(body) || !Array.isArray(body["data"])) {
      if (readError(body) !== undefined) throw toStreamFailure(body, upstream.secrets);
      throw new MalformedAnswer("It has no vectors.");
    }
    const vectors = readVectors(body["data"], request.inputs.length);
    const promptTokens = readTokens(body["usage"]);
    return { vectors, ...(promptTokens === undefined ? {} : { promptTokens }) };
  } catch (error) {
    throw toServeError(error, context.signal);
  }
}

/** By their index, else in order. */
function readVectors(entries: readonly unknown[], count: number): Float32Array[] {
  const vectors: Float32Array[] = [];
  for (const [position, entry] of entries.entries()) {
    if (!isRecord(entry)) throw new MalformedAnswer("A vector is no object.");
    const { index } = entry;
    vectors[typeof index === "number" && Number.isInteger(index) && index >= 0 ? index : position] =
      readVector(entry);
  }
  const [first] = vectors;
  const isComplete =
    vectors.length === count &&
    Object.keys(vectors).length === count &&
    vectors.every((vector) => vector.length === first?.length);
  if (!isComplete)
    throw new MalformedAnswer("It does not have one vector for each input, all of one length.");
  return vectors;
}

function readVector({ embedding }: JsonRecord): Float32Array {
  if (typeof embedding === "string") {
    const bytes = Buffer.from(embedding, "base64");
    if (bytes.length % 4 !== 0) throw new MalformedAnswer("A vector is cut off.");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Float32Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(index * 4, true));
  }
  if (!Array.isArray(embedding) || !embedding.every((value) => typeof value === "number")) {
    throw new MalformedAnswer("A vector is not made of numbers.");
  }
  return Float32Array.from(embedding);
}

function readTokens(usage: unknown): number | undefined {
  const tokens = isRecord(usage) ? usage["prompt_tokens"] : undefined;
  return typeof tokens === "number" && Number.isSafeInteger(tokens) && tokens >= 0 ? tokens : undefined;
}
