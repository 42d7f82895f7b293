import { describe, expect, test } from "bun:test";
import { ServeError } from "../../../src/core/error.ts";
import { jsonOf, startApp } from "../../support/app.ts";
import { finish, text } from "../../support/events.ts";
import { foldEvents, type ResponseBody, responseEvents } from "../../support/response-events.ts";
import { scripted, silence } from "../../support/scripted.ts";

const path = "/v1/responses";
const hello = [[text("Hel")], [text("lo"), finish()]];
const broken = new ServeError("upstream", "The backend failed.", { code: "upstream_error" });

test("a slow first token lets the stream begin, and a failure after that is an event", async () => {
  const gate = Promise.withResolvers<void>();
  await using app = startApp([scripted([gate.promise, broken])], { headStartMs: 1 });

  const response = await app.post(path, { input: "hi", stream: true });
  gate.resolve();
  const events = responseEvents(await response.text());

  expect(response.status).toBe(200);
  expect(events.map(({ type }) => type)).toEqual([
    "response.created",
    "response.in_progress",
    "error",
    "response.failed",
  ]);
});

for (const stream of [false, true]) {
  test(`a failure before the first token is a status, stream ${stream}`, async () => {
    await using app = startApp([scripted([broken])]);

    const response = await app.post(path, { input: "hi", stream });

    expect(response.status).toBe(502);
    expect(await jsonOf<object>(response)).toMatchObject({ error: { code: "upstream_error" } });
  });

  test(`a client that leaves aborts the backend at once, stream ${stream}`, async () => {
    const backend = scripted([[text("a")], silence]);
    await using app = startApp([backend]);
    const client = new AbortController();
    const answer = app
      .post(path, { input: "hi", stream }, { signal: client.signal })
      .then((response) => response.text())
      .catch((error: unknown) => error);
    const call = await backend.firstCall;

    client.abort();

    await call.ended;
    expect(call.context.signal.reason).toMatchObject({ kind: "canceled" });
    expect(await answer).toMatchObject({ name: "AbortError" });
  });
}

test("silence in a stream is filled with comments, never before the first event", async () => {
  const gate = Promise.withResolvers<void>();
  await using app = startApp([scripted([gate.promise, ...hello])], { headStartMs: 1, keepAliveMs: 5 });

  const response = await app.post(path, { input: "hi", stream: true });
  let stream = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    stream += decoder.decode(bytes, { stream: true });
    if (stream.includes(": keep-alive\n\n: keep-alive\n\n")) gate.resolve();
  }

  expect(stream.startsWith("event: response.created\n")).toBe(true);
  expect(foldEvents(responseEvents(stream))[0]?.content?.[0]?.text).toBe("Hello");
});

test("logprobs are asked for, and reported, where the request includes them", async () => {
  const token = { token: "Hi", logprob: -0.5, bytes: [72, 105], top: [] };
  const backend = scripted([[{ ...text("Hi"), logprobs: [token] }], [finish()]]);
  await using app = startApp([backend]);
  const include = ["message.output_text.logprobs"];

  const with2 = await jsonOf<ResponseBody>(await app.post(path, { input: "hi", include, top_logprobs: 2 }));
  const without = await jsonOf<ResponseBody>(await app.post(path, { input: "hi" }));

  expect(backend.seen.map(({ logprobs }) => logprobs)).toEqual([{ top: 2 }, undefined]);
  expect(with2.output[0]?.content?.[0]?.logprobs).toEqual([
    { token: "Hi", logprob: -0.5, bytes: [72, 105], top_logprobs: [] },
  ]);
  expect(without.output[0]?.content?.[0]?.logprobs).toEqual([]);
});

test("fields have the names of this surface in what is told of them", async () => {
  const backend = scripted(hello, {
    capabilities: { logprobs: false, reasoningEffort: false, needsMaxTokens: true },
  });
  await using app = startApp([backend]);

  const served = await app.post(path, {
    input: "hi",
    reasoning: { effort: "low" },
    text: { verbosity: "low" },
  });
  const refused = await app.post(path, { input: "hi", include: ["message.output_text.logprobs"] });

  expect(served.headers.get("x-oai-serve-ignored-params")).toBe("reasoning.effort, text.verbosity");
  expect(served.headers.get("x-oai-serve-assumed-params")).toBe("max_output_tokens=1024");
  expect(await jsonOf<object>(refused)).toMatchObject({ error: { param: "include" } });
});

test("a body for what takes none is passed over", async () => {
  await using app = startApp([scripted(hello)]);
  const { id } = await jsonOf<ResponseBody>(await app.post(path, { input: "hi" }));
  const headers = { "content-type": "application/json" };

  for (const body of ["", "{", "[]"]) {
    const answer = await fetch(`${app.url}${path}/${id}/cancel`, { method: "POST", headers, body });
    expect(await jsonOf<object>(answer)).toMatchObject({
      error: { message: expect.stringContaining("not one in the background") },
    });
  }
});

describe("a model that asks for a tool of the client", () => {
  test("is told which tool it was by the name that the client gave it", async () => {
    const backend = scripted([
      [{ type: "tool-call-start", choice: 0, index: 0, id: "call_1", name: "files__read", kind: "function" }],
      [finish("tool-calls")],
    ]);
    await using app = startApp([backend]);

    const { output } = await jsonOf<ResponseBody>(
      await app.post(path, {
        input: "go",
        tools: [{ type: "namespace", name: "files", tools: [{ type: "function", name: "read" }] }],
      }),
    );

    expect(output).toMatchObject([{ name: "read", namespace: "files", arguments: "{}" }]);
  });
});
