import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type BatchClient,
  chatLine,
  createBatchClient,
  toJsonl,
  toResults,
} from "../support/batch-client.ts";
import type { BatchBody } from "../support/batch-wire.ts";
import { nodeGenerations } from "../support/clients/node.ts";
import { pythonGenerations, startPython, type PythonClient } from "../support/clients/python.ts";
import { expectError } from "../support/expectations.ts";
import type { FileBody } from "../support/forms.ts";
import { uploadFile } from "../support/forms.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { rejection } from "../support/rejection.ts";
import { until } from "../support/sources.ts";
import { post, send } from "../support/wire.ts";
import { startBedWith, type Bed } from "./bed.ts";

const endpoint = "/v1/chat/completions";
const window = { completion_window: "24h" } as const;

describeBlackBox("Batches", () => {
  let bed: Bed;
  let batches: BatchClient;
  beforeAll(async () => {
    bed = await startBedWith({ echo: {}, endless: {}, fail: {} });
    batches = createBatchClient(bed.url);
  });
  afterAll(() => bed.stop());

  test("B-20: lines are answered, counted, and their tokens summed up", async () => {
    const { id, status } = await batches.submit(["a", "b c", "d"].map((text, n) => chatLine(`l${n}`, text)));

    const ended = await batches.ended(id);

    expect(status).toBe("validating");
    expect(ended).toMatchObject({
      object: "batch",
      status: "completed",
      endpoint,
      model: "echo",
      request_counts: { total: 3, completed: 3, failed: 0 },
      metadata: null,
    });
    expect(ended.usage.output_tokens).toBe(4);
    expect(ended).not.toHaveProperty("error_file_id");
    const texts = (await batches.lines(ended.output_file_id)).map(({ custom_id, response }) => [
      custom_id,
      response?.status_code,
      response?.body.choices?.[0]?.message.content,
    ]);
    expect(new Set(texts)).toEqual(
      new Set([
        ["l0", 200, "a"],
        ["l1", 200, "b c"],
        ["l2", 200, "d"],
      ]),
    );
  });

  for (const [path, body, expected] of [
    ["/v1/completions", { model: "echo", prompt: "hi" }, { object: "text_completion" }],
    ["/v1/responses", { model: "echo", input: "hi" }, { object: "response", status: "completed" }],
    [
      "/v1/messages",
      { model: "echo", max_tokens: 9, messages: [{ role: "user", content: "hi" }] },
      { type: "message", role: "assistant" },
    ],
  ] as const) {
    test(`B-21: ${path} is answered as over HTTP`, async () => {
      const line = { custom_id: "a", method: "POST", url: path, body };
      const { id } = await batches.submit([line], { endpoint: path });

      const { output_file_id, usage } = await batches.ended(id);

      expect(await batches.lines(output_file_id)).toMatchObject([
        { response: { status_code: 200, body: expected } },
      ]);
      expect(usage.output_tokens).toBe(1);
    });
  }

  test("B-22: broken lines fail by themselves", async () => {
    const wrong = { ...chatLine("w"), url: "/v1/completions" };
    const { id } = await batches.submit([chatLine("a"), "{", wrong, chatLine("a"), "", chatLine("z")]);

    const ended = await batches.ended(id);

    expect(ended.request_counts).toEqual({ total: 5, completed: 2, failed: 3 });
    const errors = await batches.lines(ended.error_file_id);
    expect(new Set(errors.map(({ custom_id, error }) => [custom_id, error?.code, error?.line]))).toEqual(
      new Set([
        [null, "invalid_json_line", 2],
        ["w", "url_mismatch", 3],
        ["a", "duplicate_custom_id", 4],
      ]),
    );
  });

  test("B-23: a line that is refused has its status and body in the error file", async () => {
    const { id } = await batches.submit([
      chatLine("a", "x", { model: "nope" }),
      chatLine("b", "x", { n: 0 }),
    ]);

    const { error_file_id } = await batches.ended(id);

    const answers = (await batches.lines(error_file_id)).map(({ custom_id, response }) => [
      custom_id,
      response?.status_code,
      response?.body.error?.code,
    ]);
    expect(new Set(answers)).toEqual(
      new Set([
        ["a", 404, "model_not_found"],
        ["b", 400, "integer_below_min_value"],
      ]),
    );
  });

  test("B-24: a file without a good line fails the batch", async () => {
    for (const [lines, code] of [
      [[], "empty_file"],
      [["{"], "invalid_json_line"],
    ] as const) {
      const { id } = await batches.submit(lines);

      expect(await batches.ended(id)).toMatchObject({
        status: "failed",
        errors: { object: "list", data: [{ code }] },
      });
    }
  });

  test("B-25: what is no batch is refused", async () => {
    const other = await uploadFile(bed.url, { content: "{}", purpose: "evals" });
    for (const [more, status, param] of [
      [{ input_file_id: "file-unknown" }, 404, "input_file_id"],
      [{ input_file_id: other.id }, 400, "input_file_id"],
      [{ input_file_id: other.id, endpoint: "/v1/models" }, 400, "endpoint"],
      [{ input_file_id: other.id, completion_window: "1h" }, 400, "completion_window"],
    ] as const) {
      expectError(await post(`${bed.url}/batches`, { endpoint, ...window, ...more }), { status, param });
    }
  });

  test("B-26: a batch is cancelled while it runs, and so are its calls", async () => {
    await bed.anyserve.reset();
    const { id } = await batches.submit(
      Array.from({ length: 20 }, (_, n) => chatLine(`l${n}`, "x", { model: "endless" })),
    );
    await bed.anyserve.waitFor({ backend: "endless", outcome: "running" }, { count: 4 });

    const { status } = await batches.cancel(id);
    const ended = await batches.ended(id);

    expect(["cancelling", "cancelled"]).toContain(status);
    expect(ended).toMatchObject({ status: "cancelled", request_counts: { total: 20, completed: 0 } });
    await bed.anyserve.waitFor({ backend: "endless", outcome: "cancelled" }, { count: 4 });
    expect(await bed.anyserve.generations("endless")).toHaveLength(4);
  });

  test("B-27: one that has ended cannot be cancelled, one that is unknown is not there", async () => {
    const { id } = await batches.submit([chatLine("a")]);
    await batches.ended(id);

    expectError(await send(`${bed.url}/batches/${id}/cancel`, { method: "POST" }), { status: 400 });
    expectError(await send(`${bed.url}/batches/batch_unknown/cancel`, { method: "POST" }), { status: 404 });
  });

  for (const { name, connect } of nodeGenerations) {
    test(`B-37: ${name} makes a batch, waits for it, reads and lists it`, async () => {
      const client = connect(bed.url);
      const lines = toJsonl([chatLine("a", "hello"), chatLine("b", "x", { model: "nope" })]);
      const input = await client.files.create({ file: new File([lines], "in.jsonl"), purpose: "batch" });
      const made = await client.batches.create({
        input_file_id: input.id,
        endpoint,
        ...window,
        metadata: { by: name },
        output_expires_after: { anchor: "created_at", seconds: 3_600 },
      });
      await until(async () => (await client.batches.retrieve(made.id)).status === "completed", 20_000);

      const batch = await client.batches.retrieve(made.id);
      const output = toResults(await (await client.files.content(batch.output_file_id ?? "")).text());
      const errors = toResults(await (await client.files.content(batch.error_file_id ?? "")).text());
      const first = await client.batches.list({ limit: 1 });
      const all = await Array.fromAsync(client.batches.list({ limit: 2 }));
      const late: unknown = await rejection(client.batches.cancel(made.id));
      const unknown: unknown = await rejection(client.batches.retrieve("batch_unknown"));

      expect(batch.request_counts).toEqual({ total: 2, completed: 1, failed: 1 });
      expect(batch.metadata).toEqual({ by: name });
      expect(output.map(({ custom_id }) => custom_id)).toEqual(["a"]);
      expect(errors.map(({ response }) => response?.status_code)).toEqual([404]);
      expect(first.data.map(({ id }) => id)).toEqual([made.id]);
      expect(all.length).toBeGreaterThan(2);
      expect(late).toMatchObject({ status: 400 });
      expect(unknown).toMatchObject({ status: 404, code: "not_found" });
    });

    test(`B-26: ${name} cancels a batch`, async () => {
      const client = connect(bed.url);
      const { id } = await batches.submit([chatLine("a", "x", { model: "endless" })]);

      const cancelled = await client.batches.cancel(id);

      expect(["cancelling", "cancelled"]).toContain(cancelled.status);
      expect((await batches.ended(id)).status).toBe("cancelled");
    });
  }

  describe.each(pythonGenerations)("openai-python %s", (generation) => {
    let python: PythonClient;
    beforeAll(async () => {
      python = await startPython(generation);
    });
    afterAll(() => python.stop());
    const run = <Value>(
      call: string,
      given: Record<string, unknown>,
      mode: "value" | "items" | "text" = "value",
    ) => python.run<Value>({ baseUrl: bed.url, call, arguments: given, mode });
    const retrieve = (batch_id: string) => run<BatchBody>("batches.retrieve", { batch_id });

    test("B-37: makes a batch, waits for it, reads and lists it", async () => {
      const file = ["in.jsonl", toJsonl([chatLine("a", "hello"), "{"])];
      const input = await run<FileBody>("files.create", { file, purpose: "batch" });
      const made = await run<BatchBody>("batches.create", { input_file_id: input.id, endpoint, ...window });
      await until(async () => (await retrieve(made.id)).status === "completed", 20_000);

      const batch = await retrieve(made.id);
      const output = await run<string>("files.content", { file_id: batch.output_file_id }, "text");
      const errors = await run<string>("files.content", { file_id: batch.error_file_id }, "text");
      const listed = await run<BatchBody[]>("batches.list", { limit: 2 }, "items");
      const unknown: unknown = await rejection(retrieve("batch_unknown"));

      expect(batch.request_counts).toEqual({ total: 2, completed: 1, failed: 1 });
      expect(toResults(output).map(({ custom_id }) => custom_id)).toEqual(["a"]);
      expect(toResults(errors).map(({ error }) => error?.code)).toEqual(["invalid_json_line"]);
      expect(listed[0]?.id).toBe(made.id);
      expect(unknown).toMatchObject({ details: { status: 404 } });
    });

    test("B-26: cancels a batch", async () => {
      const { id } = await batches.submit([chatLine("a", "x", { model: "endless" })]);

      await run("batches.cancel", { batch_id: id });

      expect((await batches.ended(id)).status).toBe("cancelled");
    });
  });
});
