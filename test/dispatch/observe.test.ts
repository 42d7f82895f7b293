import { expect, test } from "bun:test";
import { ServeError } from "../../src/core/error.ts";
import type { GenerationRequest } from "../../src/core/generation.ts";
import { observe } from "../../src/dispatch/observe.ts";
import type { ExchangeLog, LoggedRequest, LoggedResponse } from "../../src/telemetry/exchange.ts";
import { callContext, textRequest } from "../support/calls.ts";
import { callDelta, callStart, finish, text, usage } from "../support/events.ts";

function watch(request: Partial<GenerationRequest> = {}, contentChars = 10) {
  const requests: LoggedRequest[] = [];
  const responses: LoggedResponse[] = [];
  const failures: unknown[] = [];
  const log: ExchangeLog = {
    contentChars,
    request: (line) => void requests.push(line),
    response: (line) => void responses.push(line),
    failure: (_id, error) => void failures.push(error),
  };
  const observed = { model: "m", requests: [textRequest(request)], context: callContext() };
  return { observer: observe(observed, log), requests, responses, failures };
}

const say = (role: "user" | "assistant", value: string) =>
  ({ role, content: [{ type: "text", text: value }] }) as const;

test("the request is logged with the last thing that the user said", () => {
  const messages = [say("user", "one"), say("user", "two"), say("assistant", "three")];

  expect(watch({ prompt: { kind: "messages", messages } }).requests).toEqual([
    { id: "req_test", model: "m", stream: true, message: "two" },
  ]);
  expect(watch({ prompt: { kind: "text", text: "Once" } }).requests).toMatchObject([{ message: "Once" }]);
  expect(watch({ prompt: { kind: "tokens", tokens: [1, 2] } }).requests).toMatchObject([
    { message: "2 tokens" },
  ]);
});

test("images and the like are named, not shown", () => {
  const content = [
    { type: "text", text: "See " },
    { type: "image", url: "data:secret" },
  ] as const;

  expect(
    watch({ prompt: { kind: "messages", messages: [{ role: "user", content }] } }).requests,
  ).toMatchObject([{ message: "See [image]" }]);
});

test("the response is logged with the first choice, its calls, finish and usage", () => {
  const { observer, responses } = watch({ choices: 2 });

  observer.events([text("a", 0), text("z", 1), callStart(0, "f"), callDelta(0, "{"), callDelta(0, "}")]);
  observer.events([finish("stop", 1), finish("tool-calls", 0), usage(3, 4)]);
  observer.end("backend");

  expect(responses).toMatchObject([
    {
      id: "req_test",
      content: "a",
      toolCalls: [{ name: "f", arguments: "{}" }],
      finish: "tool-calls",
      usage: { promptTokens: 3, completionTokens: 4, source: "backend" },
    },
  ]);
});

test("no more of a long answer is kept than the log will show, and nothing when it shows none", () => {
  const short = watch({}, 10);
  const off = watch({}, 0);
  for (const { observer } of [short, off]) {
    for (let piece = 0; piece < 100; piece++) observer.events([text("abcdef")]);
    observer.end(undefined);
  }

  expect(short.responses[0]?.content).toBe("abcdefabcdef");
  expect(off.responses[0]?.content).toBe("");
  expect(off.requests).toEqual([{ id: "req_test", model: "m", stream: true }]);
});

test("a failure is logged instead of a response", () => {
  const { observer, responses, failures } = watch();
  const error = new ServeError("upstream", "Broken.");

  observer.failed(error);

  expect(failures).toEqual([error]);
  expect(responses).toEqual([]);
});
