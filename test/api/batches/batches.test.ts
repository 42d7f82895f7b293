import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ServeError } from "../../../src/core/error.ts";
import { chatLine, toJsonl } from "../../support/batch-client.ts";
import type { BatchBody } from "../../support/batch-wire.ts";
import { expectError } from "../../support/expectations.ts";
import { uploadFile } from "../../support/forms.ts";
import { scripted, silence } from "../../support/scripted.ts";
import { until } from "../../support/sources.ts";
import { post, send } from "../../support/wire.ts";
import { echo, told } from "./echo.ts";
import { type Batching, startBatching } from "./support.ts";

let batching: Batching;
beforeAll(() => {
  batching = startBatching([echo()]);
});
afterAll(() => batching[Symbol.asyncDispose]());

describe("a batch", () => {
  test("is answered line by line, and says what became of it", async () => {
    const lines = ["one", "two", "three"].map((id) => chatLine(id));
    const made = await batching.submit(lines, { metadata: { team: "a" } });
    const ended = await batching.ended(made.id);

    expect(made).toEqual<unknown>({
      id: expect.stringMatching(/^batch_[A-Za-z0-9]{32}$/),
      object: "batch",
      endpoint: "/v1/chat/completions",
      input_file_id: made.input_file_id,
      completion_window: "24h",
      status: "validating",
      created_at: expect.any(Number),
      expires_at: expect.any(Number),
      request_counts: { total: 0, completed: 0, failed: 0 },
      usage: {
        input_tokens: 0,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 0,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 0,
      },
      metadata: { team: "a" },
    });
    expect(ended).toMatchObject({
      status: "completed",
      model: "echo",
      output_file_id: expect.stringMatching(/^file-/),
      request_counts: { total: 3, completed: 3, failed: 0 },
      usage: {
        input_tokens: 9,
        input_tokens_details: { cached_tokens: 3 },
        output_tokens: 6,
        total_tokens: 15,
      },
    });
    expect(ended).not.toHaveProperty("error_file_id");
    expect(ended).not.toHaveProperty("errors");
    const { created_at, in_progress_at = 0, finalizing_at = 0, completed_at = 0 } = ended;
    const times = [created_at, in_progress_at, finalizing_at, completed_at];
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  });

  test("writes answers as they are over HTTP, each with the id of its line", async () => {
    const { id } = await batching.submit([chatLine("a", "Hello"), chatLine("b", "World")]);

    const lines = await batching.lines((await batching.ended(id)).output_file_id);

    const sorted = lines.toSorted((one, other) => (one.custom_id ?? "").localeCompare(other.custom_id ?? ""));
    expect(sorted).toMatchObject([
      {
        id: expect.stringMatching(/^batch_req_/),
        custom_id: "a",
        response: {
          status_code: 200,
          request_id: expect.stringMatching(/^req_/),
          body: { object: "chat.completion", choices: [{ message: { content: "Hello" } }] },
        },
        error: null,
      },
      { custom_id: "b", response: { body: { choices: [{ message: { content: "World" } }] } } },
    ]);
  });

  test("has files like any other, for as long as it was asked", async () => {
    const { id } = await batching.submit([chatLine("a")], {
      output_expires_after: { anchor: "created_at", seconds: 3_600 },
    });
    const { output_file_id } = await batching.ended(id);

    const file = await send<{ created_at: number; expires_at: number; bytes: number }>(
      `${batching.url}/files/${output_file_id}`,
    );
    const content = await send(`${batching.url}/files/${output_file_id}/content`);

    expect(file.json).toMatchObject({ purpose: "batch_output", filename: `${id}_output.jsonl` });
    expect(file.json.bytes).toBe(Buffer.byteLength(content.text));
    expect(file.json.expires_at - file.json.created_at).toBeWithin(3_599, 3_630);
  });

  test("runs a file with CR LF, a byte order mark, blank lines and no line break at its end", async () => {
    const text = `\uFEFF${JSON.stringify(chatLine("a"))}\r\n\r\n \t\r\n${JSON.stringify(chatLine("b"))}`;

    const { id } = await batching.submit([], {
      input_file_id: (await uploadFile(batching.url, { content: text })).id,
    });

    expect((await batching.ended(id)).request_counts).toEqual({ total: 2, completed: 2, failed: 0 });
  });

  test("runs a file that is larger than its parts in the store", async () => {
    const lines = Array.from({ length: 200 }, (_, index) => chatLine(`n${index}`, "€".repeat(1_000)));

    const { id } = await batching.submit(lines);
    const { output_file_id, request_counts } = await batching.ended(id);

    expect(request_counts).toEqual({ total: 200, completed: 200, failed: 0 });
    const ids = (await batching.lines(output_file_id)).map(({ custom_id }) => custom_id);
    expect(new Set(ids)).toEqual(new Set(lines.map(({ custom_id }) => custom_id)));
    expect(ids).toHaveLength(200);
  });
});

test("a batch of embeddings has vectors, and counts what went in", async () => {
  const embedder = scripted([], {
    models: [{ id: "embedder", ownedBy: "tests" }],
    capabilities: { text: false, embeddings: { dimensions: false } },
    embed: async ({ inputs }) => ({
      vectors: inputs.map(() => new Float32Array([0.5, -1])),
      promptTokens: 7,
    }),
  });
  await using embedding = startBatching([embedder]);
  const url = "/v1/embeddings";
  const line = { custom_id: "a", method: "POST", url, body: { model: "embedder", input: ["x", "y"] } };

  const { id } = await embedding.submit([line], { endpoint: url });
  const { output_file_id, usage } = await embedding.ended(id);

  expect(await embedding.lines(output_file_id)).toMatchObject([
    {
      custom_id: "a",
      response: { status_code: 200, body: { data: [{ embedding: [0.5, -1] }, { index: 1 }] } },
    },
  ]);
  expect(usage).toMatchObject({ input_tokens: 7, output_tokens: 0, total_tokens: 7 });
});

const good = chatLine("good");
const broken = [
  ["{", "invalid_json_line", null, null],
  ["[]", "invalid_json_line", null, null],
  [`{"a":${"[".repeat(20)}${"]".repeat(20)}}`, "invalid_json_line", null, null],
  [{ ...good, custom_id: undefined }, "missing_required_parameter", "custom_id", null],
  [{ ...good, custom_id: 7 }, "invalid_type", "custom_id", null],
  [{ ...good, custom_id: "x".repeat(513) }, "string_above_max_length", "custom_id", null],
  [good, "duplicate_custom_id", "custom_id", "good"],
  [{ ...good, custom_id: "m", method: "GET" }, "invalid_method", "method", "m"],
  [{ ...good, custom_id: "n", method: undefined }, "missing_required_parameter", "method", "n"],
  [{ ...good, custom_id: "u", url: "/v1/embeddings" }, "url_mismatch", "url", "u"],
  [{ ...good, custom_id: "v", url: undefined }, "missing_required_parameter", "url", "v"],
  [{ ...good, custom_id: "b", body: "x" }, "invalid_type", "body", "b"],
  [{ ...good, custom_id: "c", body: undefined }, "missing_required_parameter", "body", "c"],
  [chatLine("s", "s", { stream: true }), "unsupported_value", "body.stream", "s"],
  [chatLine("g", "g", { background: true }), "unsupported_value", "body.background", "g"],
  [chatLine("huge", "x".repeat(10_000)), "line_too_large", null, null],
] as const;

test("each broken line fails by itself, and the others run", async () => {
  const { id } = await batching.submit([good, ...broken.map(([line]) => line), chatLine("last")]);

  const ended = await batching.ended(id);

  expect(ended).toMatchObject({
    status: "completed",
    request_counts: { total: broken.length + 2, completed: 2, failed: broken.length },
  });
  const answered = (await batching.lines(ended.output_file_id)).map(({ custom_id }) => custom_id);
  expect(new Set(answered)).toEqual(new Set(["good", "last"]));
  const errors = await batching.lines(ended.error_file_id);
  expect(
    errors.map(({ custom_id, error, response }) => [
      error?.code,
      error?.param,
      custom_id,
      error?.line,
      response,
    ]),
  ).toEqual(broken.map(([, code, param, customId], index) => [code, param, customId, index + 2, null]));
});

test("a line that no key or schema would let pass is answered as over HTTP", async () => {
  const { id } = await batching.submit([
    chatLine("unknown", "x", { model: "nope" }),
    chatLine("wrong", "x", { temperature: 9 }),
  ]);

  const ended = await batching.ended(id);

  expect(ended.request_counts).toEqual({ total: 2, completed: 0, failed: 2 });
  expect(ended).not.toHaveProperty("output_file_id");
  const lines = await batching.lines(ended.error_file_id);
  expect(
    Object.fromEntries(
      lines.map(({ custom_id, response, error }) => [
        custom_id,
        [response?.status_code, response?.body.error?.code, error],
      ]),
    ),
  ).toEqual({
    unknown: [404, "model_not_found", null],
    wrong: [400, "decimal_above_max_value", null],
  });
});

describe("a batch that cannot be run", () => {
  for (const [name, lines, codes] of [
    ["an empty file", [], ["empty_file"]],
    ["blank lines", ["", "  ", "\r"], ["empty_file"]],
    ["no good line", ["{", "", "[]"], ["invalid_json_line", "invalid_json_line"]],
  ] as const) {
    test(`fails: ${name}`, async () => {
      const { id } = await batching.submit(lines);

      const ended = await batching.ended(id);

      expect(ended).toMatchObject({ status: "failed", failed_at: expect.any(Number) });
      expect(ended.errors?.data.map(({ code }) => code)).toEqual([...codes]);
      expect(ended).not.toHaveProperty("error_file_id");
    });
  }

  test("tells the lines that are wrong", async () => {
    const { id } = await batching.submit(["{", "", "[]"]);

    expect((await batching.ended(id)).errors?.data.map(({ line }) => line)).toEqual([1, 3]);
  });

  test("tells the first hundred of them only", async () => {
    const { id } = await batching.submit(Array.from({ length: 150 }, () => "{"));

    expect((await batching.ended(id)).errors?.data).toHaveLength(100);
  });

  test("has too many lines", async () => {
    const { id } = await batching.submit(["1\n".repeat(50_001)]);

    expect((await batching.ended(id)).errors?.data).toMatchObject([{ code: "too_many_tasks" }]);
  });
});

describe("what is no batch", () => {
  const body = { endpoint: "/v1/chat/completions", completion_window: "24h" };
  for (const [name, more, expected] of [
    ["no file", {}, { status: 400, param: "input_file_id", code: "missing_required_parameter" }],
    ["an unknown file", { input_file_id: "file-unknown" }, { status: 404, param: "input_file_id" }],
    ["a malformed id", { input_file_id: "file-' OR 1=1" }, { status: 400, param: "input_file_id" }],
    [
      "another endpoint",
      { input_file_id: "file-a", endpoint: "/v1/files" },
      { status: 400, param: "endpoint" },
    ],
    [
      "another window",
      { input_file_id: "file-a", completion_window: "1h" },
      { status: 400, param: "completion_window" },
    ],
    [
      "a short end",
      { input_file_id: "file-a", output_expires_after: { anchor: "created_at", seconds: 1 } },
      { status: 400, param: "output_expires_after.seconds" },
    ],
    [
      "17 notes",
      {
        input_file_id: "file-a",
        metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, "v"])),
      },
      { status: 400, param: "metadata" },
    ],
  ] as const) {
    test(`is refused: ${name}`, async () => {
      expectError(await post(`${batching.url}/batches`, { ...body, ...more }), expected);
    });
  }

  test("is refused: a file for something else", async () => {
    const { id } = await uploadFile(batching.url, { content: "{}", purpose: "user_data" });

    expectError(await post(`${batching.url}/batches`, { ...body, input_file_id: id }), {
      status: 400,
      param: "input_file_id",
    });
  });

  for (const [id, status] of [
    ["batch_unknown", 404],
    ["x", 400],
    ["batch_'%20OR%201=1--", 400],
  ] as const) {
    test(`is not there: ${id}`, async () => {
      expect((await send(`${batching.url}/batches/${id}`)).status).toBe(status);
      expect((await send(`${batching.url}/batches/${id}/cancel`, { method: "POST" })).status).toBe(status);
    });
  }
});

test("batches are listed, the newest first", async () => {
  await using fresh = startBatching([echo()]);
  const ids = [];
  for (const id of ["a", "b", "c"]) ids.push((await fresh.submit([chatLine(id)])).id);
  const list = async (query: string) =>
    (await send<{ data: BatchBody[]; has_more: boolean }>(`${fresh.url}/batches${query}`)).json;

  const first = await list("?limit=2");
  const rest = await list(`?limit=2&after=${ids[1]}`);

  expect([first.data.map(({ id }) => id), first.has_more]).toEqual([[ids[2] ?? "", ids[1] ?? ""], true]);
  expect([rest.data.map(({ id }) => id), rest.has_more]).toEqual([[ids[0] ?? ""], false]);
  expectError(await send(`${fresh.url}/batches?limit=101`), { status: 400, param: "limit" });
  expectError(await send(`${fresh.url}/batches?after=batch_unknown`), { status: 400, param: "after" });
});

test("a batch of another key is not there, and its lines are asked in the name of its own", async () => {
  const [first, second] = ["key-one-12345", "key-two-12345"].map((key) => ({
    authorization: `Bearer ${key}`,
  }));
  const backend = echo();
  await using locked = startBatching([backend], { keys: ["key-one-12345", "key-two-12345"] });
  const file = await uploadFile(locked.url, { content: toJsonl([chatLine("a")]) }, first);
  const body = { input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" };
  const path = (id: string, more = "") => `${locked.url}/batches/${id}${more}`;

  const foreign = await post(`${locked.url}/batches`, body, second);
  const { json } = await post<BatchBody>(`${locked.url}/batches`, body, first);

  expectError(foreign, { status: 404, param: "input_file_id" });
  expectError(await send(path(json.id), { headers: second ?? {} }), { status: 404 });
  expectError(await send(path(json.id, "/cancel"), { method: "POST", headers: second ?? {} }), {
    status: 404,
  });
  expect((await send<{ data: unknown[] }>(path(""), { headers: second ?? {} })).json.data).toEqual([]);
  await until(
    async () => (await send<BatchBody>(path(json.id), { headers: first ?? {} })).json.status === "completed",
  );
  expect(backend.calls.map(({ context }) => context.owner)).toEqual([
    expect.stringMatching(/^[0-9a-f]{16}$/),
  ]);
});

describe("a line that a backend has no room for", () => {
  const busy = new ServeError("rate_limited", "Busy.", { code: "rate_limit_exceeded" });

  test("is asked again", async () => {
    const backend = echo((_, times) => (times < 2 ? [busy] : []));
    await using patient = startBatching([backend]);

    const { id } = await patient.submit([chatLine("a")]);

    expect((await patient.ended(id)).request_counts).toEqual({ total: 1, completed: 1, failed: 0 });
    expect(told(backend)).toEqual(["a", "a", "a"]);
  });

  test("fails with its last answer", async () => {
    await using patient = startBatching([echo(() => [busy])]);

    const { error_file_id } = await patient.ended((await patient.submit([chatLine("a")])).id);

    expect(await patient.lines(error_file_id)).toMatchObject([
      { custom_id: "a", response: { status_code: 429, body: { error: { code: "rate_limit_exceeded" } } } },
    ]);
  });

  test("is not asked again where that makes no sense", async () => {
    const backend = echo(() => [
      new ServeError("rate_limited", "No credit.", { code: "insufficient_quota", shouldRetry: false }),
    ]);
    await using patient = startBatching([backend]);

    await patient.ended((await patient.submit([chatLine("a")])).id);

    expect(told(backend)).toEqual(["a"]);
  });
});

describe("a batch that is cancelled", () => {
  test("ends at once, with what was answered", async () => {
    await using slow = startBatching([echo((text) => (text === "first" ? [] : [silence]))], {
      concurrency: 2,
    });
    const { id } = await slow.submit(["first", "second", "third", "fourth"].map((name) => chatLine(name)));
    await until(async () => (await slow.get(id)).request_counts.completed === 1);

    const cancelled = await send<BatchBody>(`${slow.url}/batches/${id}/cancel`, { method: "POST" });
    const again = await send<BatchBody>(`${slow.url}/batches/${id}/cancel`, { method: "POST" });
    const ended = await slow.ended(id);

    expect([cancelled.status, again.status]).toEqual([200, 200]);
    expect(cancelled.json).toMatchObject({ status: "cancelling", cancelling_at: expect.any(Number) });
    expect(ended).toMatchObject({
      status: "cancelled",
      cancelled_at: expect.any(Number),
      request_counts: { total: 4, completed: 1, failed: 0 },
    });
    expect((await slow.lines(ended.output_file_id)).map(({ custom_id }) => custom_id)).toEqual(["first"]);
  });

  test("breaks its lines off", async () => {
    const backend = echo(() => [silence]);
    await using slow = startBatching([backend]);
    const { id } = await slow.submit([chatLine("a")]);
    const call = await backend.firstCall;

    await send(`${slow.url}/batches/${id}/cancel`, { method: "POST" });

    await call.ended;
    expect((await slow.ended(id)).status).toBe("cancelled");
  });

  test("ends by itself where nobody runs it", async () => {
    await using idle = startBatching([echo()]);
    await idle.runner.drain();
    const { id } = await idle.submit([chatLine("a")]);

    const { json } = await send<BatchBody>(`${idle.url}/batches/${id}/cancel`, { method: "POST" });

    expect(json).toMatchObject({ status: "cancelled", cancelling_at: expect.any(Number) });
  });

  test("cannot be, once it has ended", async () => {
    const { id } = await batching.submit([chatLine("a")]);
    await batching.ended(id);

    const answer = await send(`${batching.url}/batches/${id}/cancel`, { method: "POST" });

    expectError(answer, { status: 400, param: "batch_id" });
  });
});

test("whoever waits for an answer does not wait for a batch", async () => {
  const backend = echo((text) => (text.startsWith("line") ? [silence] : []));
  await using shared = startBatching([backend], { limits: { maxConcurrency: 4 }, concurrency: 2 });
  await shared.submit(Array.from({ length: 50 }, (_, index) => chatLine(`line${index}`)));
  await until(() => backend.calls.length === 2);

  const answer = await post<{ choices: unknown[] }>(`${shared.url}/chat/completions`, chatLine("now").body);

  expect(answer.status).toBe(200);
  expect(backend.calls).toHaveLength(3);
});

test("a batch whose input is deleted fails, and its results can be read", async () => {
  const gate = Promise.withResolvers<void>();
  const lines = Array.from({ length: 2_000 }, (_, index) =>
    chatLine(`n${index}`, "x", { user: "u".repeat(1_000) }),
  );
  await using slow = startBatching([echo((_, times) => (times === 0 ? [gate.promise] : []))], {
    concurrency: 1,
  });
  const made = await slow.submit(lines);
  await until(async () => (await slow.get(made.id)).status === "in_progress");

  await send(`${slow.url}/files/${made.input_file_id}`, { method: "DELETE" });
  gate.resolve();
  const ended = await slow.ended(made.id);

  expect(ended).toMatchObject({ status: "failed", errors: { data: [{ code: "file_not_found" }] } });
  expect((await slow.lines(ended.output_file_id)).length).toBe(ended.request_counts.completed);
});
