import { ServeError } from "../../core/error.ts";
import type { Embedded } from "../../core/generate.ts";

export type EmbeddingFormat = "float" | "base64";

/** Numbers that are written in one go, about a millisecond's worth. Three are twelve bytes, whole groups of base64. */
const sliceValues = 6_144;
/** Reading them is faster. */
const checkedValues = 262_144;

/**
 * The answer as JSON text in parts, between which other work gets its turn. `base64` is that of little-endian 32-bit
 * floats. Rejects with `upstream` for a vector of what is not a number: JSON has no word for it.
 */
export async function encode(embedded: Embedded, format: EmbeddingFormat): Promise<AsyncIterable<string>> {
  await assertNumbers(embedded.result.vectors);
  return parts(embedded, format);
}

async function assertNumbers(vectors: readonly Float32Array[]): Promise<void> {
  let checked = 0;
  for (const vector of vectors) {
    if (!hasOnlyNumbers(vector)) {
      throw new ServeError("upstream", "The backend gave a vector that is not made of numbers.", {
        code: "upstream_error",
      });
    }
    checked += vector.length;
    if (checked < checkedValues) continue;
    checked = 0;
    await nextTurn();
  }
}

function hasOnlyNumbers(vector: Float32Array): boolean {
  // Anything finite less itself is zero. A call for each number would take ten times as long.
  let sum = 0;
  for (let index = 0; index < vector.length; index++) {
    const value = vector[index] ?? 0;
    sum += value - value;
  }
  return sum === 0;
}

async function* parts({ model, result }: Embedded, format: EmbeddingFormat): AsyncGenerator<string> {
  const [open, close] = format === "base64" ? ['"', '"'] : ["[", "]"];
  let part = '{"object":"list","data":[';
  let written = 0;
  for (const [index, vector] of result.vectors.entries()) {
    part += `${index === 0 ? "" : ","}{"object":"embedding","index":${index},"embedding":${open}`;
    for (let start = 0; start < vector.length; start += sliceValues) {
      const slice = vector.subarray(start, start + sliceValues);
      if (format === "base64") part += toBase64(slice);
      else part += start === 0 ? slice.join() : `,${slice.join()}`;
      written += slice.length;
      if (written < sliceValues) continue;
      yield part;
      part = "";
      written = 0;
      await nextTurn();
    }
    part += `${close}}`;
  }
  const { promptTokens } = result;
  const usage = JSON.stringify({ prompt_tokens: promptTokens, total_tokens: promptTokens });
  yield `${part}],"model":${JSON.stringify(model)},"usage":${usage}}`;
}

/** Every machine that this runs on keeps floats in little-endian order. */
function toBase64({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
