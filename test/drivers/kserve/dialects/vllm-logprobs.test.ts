import { describe, expect, test } from "bun:test";
import { MalformedTensor } from "../../../../src/drivers/kserve/codec/tensor.ts";
import { readVllmLogprobs } from "../../../../src/drivers/kserve/dialects/vllm-logprobs.ts";
import { bytes, message, textRequest } from "./support.ts";

const read = (top: number, ...json: readonly string[]) =>
  readVllmLogprobs(
    message([bytes("logprobs", ...json)]),
    textRequest({ logprobs: { top }, choices: json.length }),
  );
const entry = (logprob: number | string, rank: number | null, token: string | null) =>
  `{"logprob": ${logprob}, "rank": ${rank}, "decoded_token": ${JSON.stringify(token)}}`;
const position = (...entries: readonly (readonly [number, string])[]) =>
  `{${entries.map(([id, value]) => `"${id}": ${value}`).join(", ")}}`;

describe("logprobs", () => {
  test("take the first token as the chosen one, whatever its id, and sort the others by rank", () => {
    const json = `[${position([900, entry(-3, 9, " é")], [15, entry(-0.5, 2, "b")], [7, entry(-0.1, 1, "a")])}]`;

    expect(read(2, json)).toEqual([
      [
        {
          token: " é",
          logprob: -3,
          bytes: [32, 195, 169],
          top: [
            { token: "a", logprob: -0.1, bytes: [97] },
            { token: "b", logprob: -0.5, bytes: [98] },
          ],
        },
      ],
    ]);
  });

  test("have no alternatives where none were asked for", () => {
    expect(read(0, `[${position([5, entry(-1, 1, "x")])}]`)).toEqual([
      [{ token: "x", logprob: -1, bytes: [120], top: [] }],
    ]);
  });

  test("of a token that looks like a key are its own", () => {
    const token = '"7": "logprob": -Infinity';

    expect(read(1, `[${position([5, entry(-1, 1, token)])}]`)?.[0]?.[0]?.token).toBe(token);
  });

  test("of impossible tokens are the least that OpenAI knows", () => {
    expect(read(0, `[${position([5, entry("-Infinity", null, "x")])}]`)?.[0]?.[0]?.logprob).toBe(-9_999);
  });

  test("of a token that is part of a character have no bytes", () => {
    expect(
      read(0, `[${position([5, entry(-1, 1, "\uFFFD")])}, ${position([6, entry(-1, 1, null)])}]`)?.[0],
    ).toMatchObject([
      { token: "\uFFFD", bytes: null },
      { token: "", bytes: null },
    ]);
  });

  test("of several choices come in their order, and null is none", () => {
    expect(read(0, "null", "[]")).toEqual([undefined, []]);
  });

  test("that are absent are none", () => {
    expect(
      readVllmLogprobs(message([bytes("text_output", "x")]), textRequest({ logprobs: { top: 1 } })),
    ).toBeUndefined();
  });

  for (const json of ["[", "{}", "[1]", "[{}]", '[{"1": 2}]', '[{"1": {"rank": 1}}]', "NaN"]) {
    test(`that are ${json} are malformed`, () => {
      expect(() => read(1, json)).toThrow(MalformedTensor);
    });
  }
});
