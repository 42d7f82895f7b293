import { expect, test } from "bun:test";
import { anyserve } from "../../../src/drivers/kserve/dialects/anyserve.ts";
import type { Dialect } from "../../../src/drivers/kserve/dialects/dialect.ts";
import { createRequestEncoder } from "../../../src/drivers/kserve/request-encoder.ts";
import { textRequest } from "../../support/calls.ts";
import { decodeMessage } from "../../support/kserve-messages.ts";

/** An encoder, and how often it had to make a message. */
function createCounted() {
  let made = 0;
  const dialect: Dialect = {
    ...anyserve,
    call(request, rpc) {
      made++;
      return anyserve.call(request, rpc);
    },
  };
  return { encode: createRequestEncoder(dialect, "plain"), made: () => made };
}

test("calls for several answers to one prompt share one message", () => {
  const { encode, made } = createCounted();
  const request = textRequest({ choices: 64 });

  const messages = Array.from({ length: 64 }, () => encode({ ...request, choices: 1 }, "stream"));

  expect(new Set(messages).size).toBe(1);
  expect(made()).toBe(1);
});

const changes: readonly [string, Partial<ReturnType<typeof textRequest>>][] = [
  ["sampling", { sampling: { temperature: 2 } }],
  ["model", { model: "other" }],
  ["extra fields", { extra: { repeat_penalty: 2 } }],
  ["prompt", { prompt: { kind: "text", text: "Hi" } }],
];
for (const [what, change] of changes) {
  test(`requests of different ${what} share none`, () => {
    const { encode } = createCounted();
    const request = textRequest();

    expect(encode({ ...request, ...change }, "stream")).not.toBe(encode(request, "stream"));
  });
}

test("each rpc has its own message", () => {
  const { encode } = createCounted();
  const request = textRequest();

  const names = [encode(request, "stream"), encode(request, "infer")].map(
    (message) => decodeMessage("ModelInferRequest", message)["modelName"],
  );

  expect(names).toEqual(["generate_stream", "generate"]);
});
