import { describe, expect, test } from "bun:test";
import { MalformedTensor } from "../../../../src/drivers/kserve/codec/tensor.ts";
import { createMlserver } from "../../../../src/drivers/kserve/dialects/mlserver.ts";
import { mlserver, mlserverPipeline } from "./models.ts";
import { bytes, inputsOf, message, readAll, textOf, textRequest } from "./support.ts";

const dialect = createMlserver(mlserver, {});
const pipeline = createMlserver(mlserverPipeline, {});

test("a text runtime gets the prompt, and no parameter of Triton's", () => {
  const call = dialect.call(textRequest({ sampling: { maxTokens: 3 } }), "stream");

  expect(inputsOf(call.inputs)).toEqual({ prompt: ["BYTES", [1], "Say it, Sam."] });
  expect(call.parameters).toBeUndefined();
  expect(dialect.abilities.rpcs).toEqual(["stream", "infer"]);
});

test("a runtime that declares no tensors gets its prompt as `prompt`, or as the operator says", () => {
  const bare = createMlserver({ name: "tiny" }, {});
  const mapped = createMlserver(
    { name: "tiny" },
    { tensors: { prompt: "q", parameters: { max_tokens: "n" } } },
  );
  const request = textRequest({ sampling: { maxTokens: 3 } });

  expect(inputsOf(bare.call(request, "stream").inputs)).toEqual({ prompt: ["BYTES", [1], "Say it, Sam."] });
  expect(inputsOf(mapped.call(request, "stream").inputs)).toEqual({
    q: ["BYTES", [1], "Say it, Sam."],
    n: ["INT32", [1], 3],
  });
  expect(textOf(readAll(bare, [message([bytes("output", "Hi")])]).events)).toBe("Hi");
});

const answer = (json: string, type = "hg_jsonlist") =>
  message([{ ...bytes("output", json), shape: [1, 1], parameters: { content_type: type } }]);

describe("the HuggingFace runtime", () => {
  test("gets the prompt as an argument, on the unary rpc", () => {
    expect(inputsOf(pipeline.call(textRequest(), "infer").inputs)).toEqual({
      args: ["BYTES", [1], "Say it, Sam."],
    });
    expect(pipeline.abilities.rpcs).toEqual(["infer"]);
  });

  test("answers in JSON that repeats the prompt, uncounted", () => {
    const said = answer('{"generated_text": "Say it, Sam. \\u00e9!"}');

    expect(readAll(pipeline, [said], textRequest(), "infer").events).toEqual([
      { type: "text-delta", choice: 0, text: " é!" },
      { type: "finish", choice: 0, reason: "stop" },
    ]);
  });

  test("answers without the prompt where it was told to", () => {
    expect(
      textOf(
        readAll(pipeline, [answer('{"generated_text": "Say it"}', "hg_json")], textRequest(), "infer").events,
      ),
    ).toBe("Say it");
  });

  for (const prompt of ["args", "array_inputs"]) {
    test(`that describes nothing is known by the operator's ${prompt}`, () => {
      const bare = createMlserver({ name: "tiny" }, { tensors: { prompt, text: "output" } });

      expect(bare.abilities.rpcs).toEqual(["infer"]);
      const said = readAll(
        bare,
        [answer('{"generated_text": "Hi you"}')],
        textRequest({ prompt: "Hi" }),
        "infer",
      );
      expect(textOf(said.events)).toBe(" you");
    });
  }

  for (const json of ["{", "[]", "{}", '{"generated_text": 1}']) {
    test(`that answers ${json} is malformed`, () => {
      expect(() => readAll(pipeline, [answer(json)], textRequest(), "infer")).toThrow(MalformedTensor);
    });
  }

  test("answers text as text", () => {
    expect(textOf(readAll(pipeline, [answer("{no JSON}", "str")], textRequest(), "infer").events)).toBe(
      "{no JSON}",
    );
  });
});
