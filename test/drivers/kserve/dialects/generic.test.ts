import { describe, expect, test } from "bun:test";
import { MalformedTensor } from "../../../../src/drivers/kserve/codec/tensor.ts";
import { createGeneric } from "../../../../src/drivers/kserve/dialects/generic.ts";
import { generic } from "./models.ts";
import {
  bytes,
  inputsOf,
  message,
  type ModelSketch,
  numbers,
  profileOf,
  readAll,
  textOf,
  textRequest,
} from "./support.ts";

const dialect = createGeneric(generic, {});
const from = (sketch: ModelSketch) => createGeneric(profileOf(sketch), {});
const call = (sketch: ModelSketch, more: Parameters<typeof textRequest>[0] = {}) =>
  inputsOf(from(sketch).call(textRequest(more), "stream").inputs);

describe("a call", () => {
  test("finds its tensors by their names and datatypes, and always streams", () => {
    const request = textRequest({ sampling: { maxTokens: 3, temperature: 0.5, topP: 1 }, stream: false });

    expect(inputsOf(dialect.call(request, "stream").inputs)).toEqual({
      prompt: ["BYTES", [1], "Say it, Sam."],
      stream: ["BOOL", [1], true],
      max_tokens: ["INT32", [1], 3],
      temperature: ["FP32", [1], 0.5],
    });
    expect([...dialect.abilities.sampling]).toEqual(["maxTokens", "temperature"]);
    expect(dialect.abilities.needsMaxTokens).toBe(false);
  });

  test("takes the rank from the metadata and not from the batch size, and names without regard to case", () => {
    const mock: ModelSketch = {
      inputs: [
        ["PROMPT", "BYTES", [1, 1]],
        ["STREAM", "BOOL", [1, 1]],
        ["input_ids", "INT32", [1, -1]],
      ],
      outputs: [["TEXT", "BYTES", [1, -1]]],
      config: { maxBatchSize: 0, required: ["PROMPT", "STREAM"] },
    };

    expect(call(mock)).toEqual({
      PROMPT: ["BYTES", [1, 1], "Say it, Sam."],
      STREAM: ["BOOL", [1, 1], true],
    });
    expect(textOf(readAll(from(mock), [message([{ ...bytes("TEXT", "Hi"), shape: [1, 1] }])]).events)).toBe(
      "Hi",
    );
  });

  test("takes the one text that is required as the prompt", () => {
    const sketch: ModelSketch = {
      inputs: [
        ["text", "BYTES"],
        ["story", "BYTES"],
        ["stop", "BYTES", [-1]],
      ],
      outputs: [["out", "BYTES"]],
      config: { required: ["story"] },
    };

    expect(call(sketch, { sampling: { stop: ["x", "y"] } })).toEqual({
      story: ["BYTES", [1], "Say it, Sam."],
      stop: ["BYTES", [2], "x", "y"],
    });
  });

  test("fills what is required and not given with what changes nothing", () => {
    const sketch: ModelSketch = {
      inputs: [
        ["prompt", "BYTES"],
        ["temperature", "FP32"],
        ["top_k", "INT32"],
        ["max_new_tokens", "INT64"],
      ],
      outputs: [["out", "BYTES"]],
      config: { required: ["prompt", "temperature", "max_new_tokens"] },
    };

    expect(call(sketch, { sampling: { maxTokens: 9 } })).toEqual({
      prompt: ["BYTES", [1], "Say it, Sam."],
      temperature: ["FP32", [1], 1],
      max_new_tokens: ["INT64", [1], 9],
    });
    expect(from(sketch).abilities.needsMaxTokens).toBe(true);
  });

  test("passes over an input that a single value does not fit", () => {
    const sketch: ModelSketch = {
      inputs: [
        ["prompt", "BYTES"],
        ["temperature", "INT32"],
        ["top_k", "INT32", [2]],
        ["stop", "BYTES", [1]],
      ],
      outputs: [["out", "BYTES"]],
    };

    expect([...from(sketch).abilities.sampling]).toEqual([]);
  });

  test("clamps a number to its datatype", () => {
    const sketch: ModelSketch = {
      inputs: [
        ["prompt", "BYTES"],
        ["max_tokens", "UINT8"],
        ["top_k", "UINT32"],
        ["seed", "INT64"],
      ],
      outputs: [["out", "BYTES"]],
    };

    expect(call(sketch, { sampling: { maxTokens: 1_000, topK: -1, seed: -5 } })).toMatchObject({
      max_tokens: ["UINT8", [1], 255],
      top_k: ["UINT32", [1], 0],
      seed: ["INT64", [1], -5],
    });
  });

  test("goes by the operator's map, also for parameters that nobody knows", () => {
    const mapped = createGeneric(
      profileOf({
        inputs: [
          ["A", "BYTES"],
          ["B", "BYTES"],
          ["C", "BOOL"],
          ["D", "INT32"],
          ["E", "FP32"],
          ["F", "BYTES"],
        ],
        outputs: [
          ["X", "BYTES"],
          ["Y", "BYTES"],
          ["Z", "BYTES"],
        ],
      }),
      {
        tensors: {
          prompt: "B",
          stream: "C",
          text: "Y",
          finish_reason: "Z",
          parameters: { max_tokens: "D", warmth: "E", style: "F", logit_bias: "A" },
        },
      },
    );
    const request = textRequest({ sampling: { maxTokens: 3 }, extra: { warmth: 0.5, style: "terse" } });

    expect(inputsOf(mapped.call(request, "stream").inputs)).toEqual({
      B: ["BYTES", [1], "Say it, Sam."],
      C: ["BOOL", [1], true],
      D: ["INT32", [1], 3],
      E: ["FP32", [1], 0.5],
      F: ["BYTES", [1], "terse"],
    });
    expect([...mapped.abilities.extra]).toEqual(["warmth", "style"]);
    expect(mapped.abilities.reportsLength).toBe(true);
    const said = message([bytes("X", "no"), bytes("Y", "yes"), bytes("Z", "length")]);
    expect(readAll(mapped, [said]).events.at(-1)).toEqual({ type: "finish", choice: 0, reason: "length" });
  });

  test("with an extra value of the wrong type is refused by its name", () => {
    const sketch: ModelSketch = {
      inputs: [
        ["prompt", "BYTES"],
        ["min_p", "FP32"],
      ],
      outputs: [["out", "BYTES"]],
    };

    expect(() => call(sketch, { extra: { min_p: "much" } })).toThrow("'min_p' must be a number.");
    expect(call(sketch, { extra: { min_p: null } })).not.toHaveProperty("min_p");
  });

  test("has Triton's parameter only on Triton", () => {
    expect(dialect.call(textRequest(), "stream").parameters?.size).toBe(1);
    expect(
      from({ inputs: [["prompt", "BYTES"]], outputs: [["out", "BYTES"]] }).call(textRequest(), "stream")
        .parameters,
    ).toBeUndefined();
  });
});

describe("an answer", () => {
  test("may turn out to be whole texts", () => {
    const said = ["Once", "Once upon", "Once upon a", "Once upon a time"].map((text) =>
      message([bytes("output", text)]),
    );

    expect(textOf(readAll(dialect, said).events)).toBe("Once upon a time");
  });

  test("without its text is malformed, and says what is missing", () => {
    expect(() => readAll(dialect, [message([numbers("other", "INT32", 1)])])).toThrow(
      new MalformedTensor("output", "is missing"),
    );
  });

  test("that is whole and tells everything but its text is malformed", () => {
    const mapped = from({
      inputs: [["prompt", "BYTES"]],
      outputs: [
        ["output", "BYTES"],
        ["num_output_tokens", "INT32"],
        ["finish_reason", "BYTES"],
      ],
      config: { decoupled: false },
    });
    const said = message([numbers("num_output_tokens", "INT32", 3), bytes("finish_reason", "stop")]);

    expect(() => readAll(mapped, [said], textRequest(), "infer")).toThrow(
      new MalformedTensor("output", "is missing"),
    );
    expect(() => readAll(mapped, [message([], "raw", true)], textRequest(), "stream")).toThrow(
      "without any output",
    );
  });

  test("on one rpc of a model that does not stream is not counted as one token", () => {
    const unary = from({
      inputs: [["prompt", "BYTES"]],
      outputs: [["output", "BYTES"]],
      config: { decoupled: false },
    });

    expect(unary.abilities.rpcs).toEqual(["infer", "stream"]);
    expect(readAll(unary, [message([bytes("output", "Hello you")], "raw", true)]).events).toEqual([
      { type: "text-delta", choice: 0, text: "Hello you" },
      { type: "finish", choice: 0, reason: "stop" },
    ]);
  });
});

describe("a model of vectors", () => {
  const sketch: ModelSketch = {
    inputs: [["text", "BYTES", [-1, 1]]],
    outputs: [["embedding", "FP32", [-1, 3]]],
    config: { maxBatchSize: 8, decoupled: false },
  };
  const { embeddings, abilities } = from(sketch);

  test("writes no text, and embeds one input a call", () => {
    const asked = embeddings?.call({ model: "tiny", requestId: "req_1", input: "Hi" });

    expect(abilities.rpcs).toEqual([]);
    expect(inputsOf(asked?.inputs ?? [])).toEqual({ text: ["BYTES", [1, 1], "Hi"] });
    expect(embeddings).toMatchObject({ dimensions: false, rpc: "infer" });
  });

  for (const form of ["typed", "raw"] as const) {
    for (const shape of [[3], [1, 3], [1, 1, 3]]) {
      test(`gives a ${form} vector of shape [${shape.join(", ")}]`, () => {
        const said = message([{ name: "embedding", datatype: "FP32", shape, values: [0.5, -1, 2] }], form);

        expect(embeddings?.read(said)).toEqual(Float32Array.of(0.5, -1, 2));
      });
    }
  }

  const wrong = [
    ["a matrix", [{ name: "embedding", datatype: "FP32", shape: [2, 2], values: [1, 2, 3, 4] }]],
    ["nothing", [{ name: "embedding", datatype: "FP32", shape: [0], values: [] }]],
    ["text", [bytes("embedding", "x")]],
    ["another output", [numbers("other", "FP32", 1)]],
  ] as const;
  for (const [what, outputs] of wrong) {
    test(`that gives ${what} is malformed`, () => {
      expect(() => embeddings?.read(message(outputs))).toThrow(MalformedTensor);
    });
  }

  test("refuses token ids", () => {
    expect(() => embeddings?.call({ model: "tiny", requestId: "req_1", input: [1] })).toThrow("token ids");
  });
});

test("a model of neither text nor vectors can do nothing", () => {
  for (const sketch of [
    { inputs: [["image", "FP32", [3, 224, 224]]], outputs: [["scores", "FP32", [1_000]]] },
    { inputs: [["QUERY", "BYTES"]], outputs: [["INPUT_ID", "INT32", [-1]]] },
  ] as const satisfies readonly ModelSketch[]) {
    expect(from(sketch).abilities.rpcs).toEqual([]);
    expect(from(sketch).embeddings).toBeUndefined();
  }
});
