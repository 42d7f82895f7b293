import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import * as fc from "fast-check";
import { encode, type EmbeddingFormat } from "../../../src/api/embeddings/encode.ts";
import { CreateEmbeddingResponse } from "../../../src/api/embeddings/schema.ts";
import type { Embedded } from "../../../src/core/generate.ts";
import { longestTurnMs, maxTurnMs } from "../../support/event-loop.ts";
import { rejection } from "../../support/rejection.ts";
import { joined } from "../../support/sse-frames.ts";

interface Body {
  data: { embedding: number[] | string }[];
}

const embedded = (vectors: readonly Float32Array[]): Embedded => ({
  model: 'the "model"',
  ignored: [],
  result: { vectors, promptTokens: 7 },
});

async function encoded(vectors: readonly Float32Array[], format: EmbeddingFormat): Promise<Body> {
  return JSON.parse(await joined(await encode(embedded(vectors), format)));
}

/** As OpenAI's clients read it. */
function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
}

test("the whole body has OpenAI's shape", async () => {
  const body: unknown = await encoded([new Float32Array([0.5, -1]), new Float32Array([2, 0.25])], "float");

  expect(Value.Check(CreateEmbeddingResponse, body)).toBe(true);
  expect(body).toEqual({
    object: "list",
    data: [
      { object: "embedding", index: 0, embedding: [0.5, -1] },
      { object: "embedding", index: 1, embedding: [2, 0.25] },
    ],
    model: 'the "model"',
    usage: { prompt_tokens: 7, total_tokens: 7 },
  });
});

test("base64 is that of little-endian 32-bit floats, also of a vector within a larger buffer", async () => {
  const vector = new Float32Array([9, 0.5, -1, 2, 0.25, 9]).subarray(1, 5);

  const { data } = await encoded([vector], "base64");

  expect(data[0]?.embedding).toBe("AAAAPwAAgL8AAABAAACAPg==");
});

const lengths = [1, 2, 3, 6_143, 6_144, 6_145, 12_288, 20_000];

describe("every number survives", () => {
  for (const length of lengths) {
    test(`in vectors of ${length}`, async () => {
      const vectors = [0, 1].map((shift) =>
        Float32Array.from({ length }, (_, at) => Math.fround(Math.sin(at + shift) * 1e-7)),
      );

      const [floats, base64] = [await encoded(vectors, "float"), await encoded(vectors, "base64")];

      expect(floats.data.map(({ embedding }) => Float32Array.from(Array.from(embedding, Number)))).toEqual(
        vectors,
      );
      expect(base64.data.map(({ embedding }) => fromBase64(String(embedding)))).toEqual(vectors);
    });
  }

  test("whatever it is", () =>
    fc.assert(
      fc.asyncProperty(fc.float32Array({ noNaN: true, noDefaultInfinity: true }), async (vector) => {
        const { data } = await encoded([vector], "float");

        expect(data[0]?.embedding).toEqual(Array.from(vector, (value) => value + 0));
      }),
    ));
});

describe("a vector that is not made of numbers is the backend's failure", () => {
  for (const format of ["float", "base64"] as const) {
    for (const value of [NaN, Infinity, -Infinity]) {
      test(`${value} in ${format}`, async () => {
        const failure = await rejection(
          encode(embedded([new Float32Array([1]), new Float32Array([value])]), format),
        );

        expect(failure).toMatchObject({ kind: "upstream", code: "upstream_error" });
      });
    }
  }
});

describe("a large answer leaves other work its turn", () => {
  const vectors = Array.from({ length: 2_048 }, () => new Float32Array(4_096).fill(Math.fround(0.1234567)));

  for (const format of ["float", "base64"] as const) {
    test(`2,048 vectors of 4,096 numbers as ${format}`, async () => {
      let written = 0;

      const turnMs = await longestTurnMs(5, async () => {
        for await (const part of await encode(embedded(vectors), format)) written += part.length;
      });

      expect(written).toBeGreaterThan(vectors.length * 4_096 * 4);
      expect(turnMs).toBeLessThan(maxTurnMs);
    }, 30_000);
  }
});
