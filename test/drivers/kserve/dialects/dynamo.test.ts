import { expect, test } from "bun:test";
import { createDynamo } from "../../../../src/drivers/kserve/dialects/dynamo.ts";
import { MalformedTensor } from "../../../../src/drivers/kserve/codec/tensor.ts";
import { dynamo } from "./models.ts";
import { bytes, inputsOf, message, profileOf, readAll, textRequest } from "./support.ts";

const dialect = createDynamo(dynamo, {});
const everything = textRequest({
  sampling: { maxTokens: 3, temperature: 1 },
  extra: { top_k: 1 },
  stream: false,
});

test("a call has the prompt and whether to stream, and neither sampling nor Triton's parameter", () => {
  const call = dialect.call(everything, "stream");

  expect(inputsOf(call.inputs)).toEqual({
    text_input: ["BYTES", [1], "Say it, Sam."],
    streaming: ["BOOL", [1], true],
  });
  expect(call.parameters).toBeUndefined();
});

test("a call does not stream on the unary rpc", () => {
  expect(inputsOf(dialect.call(everything, "infer").inputs)["streaming"]?.[2]).toBe(false);
});

test("a batch dimension is the metadata's", () => {
  const batched = createDynamo(
    profileOf({
      inputs: [
        ["text_input", "BYTES", [-1, 1]],
        ["stream", "BOOL"],
      ],
      outputs: [["text_output", "BYTES"]],
    }),
    {},
  );

  expect(inputsOf(batched.call(textRequest(), "stream").inputs)).toEqual({
    text_input: ["BYTES", [1, 1], "Say it, Sam."],
    stream: ["BOOL", [1], true],
  });
});

test("a server that describes nothing gets the two inputs that there are", () => {
  expect(inputsOf(createDynamo({ name: "tiny" }, {}).call(textRequest(), "stream").inputs)).toEqual({
    text_input: ["BYTES", [1], "Say it, Sam."],
    stream: ["BOOL", [1], true],
  });
});

test("nothing that the client sets can be expressed", () => {
  const { sampling, extra, reportsLength } = dialect.abilities;

  expect([sampling.size, extra.size, reportsLength]).toEqual([0, 0, false]);
});

const part = (text: string, word: string) =>
  message([bytes("text_output", text), bytes("finish_reason", word)]);

test("an answer that ends without saying why is an error", () => {
  expect(() => readAll(dialect, [part("a", "")])).toThrow("ended without saying why");
  expect(() => readAll(dialect, [part("a", "")], everything, "infer")).toThrow("ended without saying why");
});

test("an answer without its text is malformed", () => {
  expect(() => readAll(dialect, [part("a", ""), message([bytes("finish_reason", "stop")])])).toThrow(
    new MalformedTensor("text_output", "is missing"),
  );
});

test("an answer goes on while its finish word is empty, and each message is a token", () => {
  expect(readAll(dialect, [part("a", ""), part("b", "content_filter")]).events).toEqual([
    { type: "text-delta", choice: 0, text: "a", tokens: 1 },
    { type: "text-delta", choice: 0, text: "b", tokens: 1 },
    { type: "finish", choice: 0, reason: "content-filter" },
  ]);
});
