import { expect, test } from "bun:test";
import { createOvms } from "../../../../src/drivers/kserve/dialects/ovms.ts";
import { ovms } from "./models.ts";
import { bytes, inputsOf, message, numbers, readAll, textRequest } from "./support.ts";
import { decodeInferResponse } from "../../../../src/drivers/kserve/codec/decode.ts";
import { inferMessage } from "../../../support/kserve-messages.ts";

const dialect = createOvms(ovms, {});
const unprefixed = (text: string) =>
  decodeInferResponse(
    inferMessage([{ name: "completion", datatype: "BYTES", shape: [1] }], {
      rawOutputContents: [Buffer.from(text)],
    }),
  );

test("a call has the prompt, though the graph's metadata has no datatype", () => {
  expect(inputsOf(dialect.call(textRequest(), "stream").inputs)).toEqual({
    pre_prompt: ["BYTES", [1], "Say it, Sam."],
  });
});

test("an answer is raw text without lengths, then a count that is no usage, then its end", () => {
  const { events, finishedEarly } = readAll(dialect, [
    unprefixed("Hello"),
    unprefixed(" é"),
    message([numbers("token_count", "INT32", 30)]),
    message([bytes("end_signal", "")]),
  ]);

  expect(events).toEqual([
    { type: "text-delta", choice: 0, text: "Hello", tokens: 1 },
    { type: "text-delta", choice: 0, text: " é", tokens: 1 },
    { type: "finish", choice: 0, reason: "stop" },
  ]);
  expect(finishedEarly).toBe(true);
});

test("tensors of other names are the operator's to say", () => {
  const mapped = createOvms(ovms, { tensors: { prompt: "q", text: "a" } });

  expect(inputsOf(mapped.call(textRequest(), "stream").inputs)).toEqual({
    q: ["BYTES", [1], "Say it, Sam."],
  });
  expect(readAll(mapped, [message([bytes("a", "Hi")])]).events[0]).toMatchObject({ text: "Hi" });
});
