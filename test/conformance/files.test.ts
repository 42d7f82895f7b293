import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { pythonGenerations, startPython, type PythonClient } from "../support/clients/python.ts";
import { expectError } from "../support/expectations.ts";
import { field, type FileBody, filePart, formOf, postRawForm, uploadFile } from "../support/forms.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { rejection } from "../support/rejection.ts";
import { send } from "../support/wire.ts";
import { startBedWith, type Bed } from "./bed.ts";

const mebibyte = 1_048_576;
const args = ["--max-file", "1MiB", "--max-body", "64KiB"];

describeBlackBox("Files", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith({ echo: {} }, { args });
  });
  afterAll(() => bed.stop());

  test("B-01: an upload is answered with OpenAI's file object", async () => {
    const file = await uploadFile(bed.url, { content: "{}\n", filename: "a.jsonl" });

    expect(file).toEqual<unknown>({
      id: expect.stringMatching(/^file-/),
      object: "file",
      bytes: 3,
      created_at: expect.any(Number),
      expires_at: file.created_at + 2_592_000,
      filename: "a.jsonl",
      purpose: "batch",
      status: "processed",
    });
  });

  for (const [name, content] of [
    ["text", Buffer.from("a\r\n€𝄞\n")],
    ["every byte", Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256))],
    ["nothing", Buffer.from("")],
    ["the largest", Buffer.from("€".repeat(mebibyte / 3))],
  ] as const) {
    test(`B-03: the content comes back byte for byte: ${name}`, async () => {
      const { id } = await uploadFile(bed.url, { content: Uint8Array.from(content), purpose: "user_data" });

      const response = await fetch(`${bed.url}/files/${id}/content`);

      expect(response.headers.get("content-type")).toBe("application/octet-stream");
      expect(Buffer.compare(await response.bytes(), content)).toBe(0);
    });
  }

  test("B-08: a file over the limit is 413 and is not kept", async () => {
    const before = await send<{ data: unknown[] }>(`${bed.url}/files`);

    const response = await fetch(`${bed.url}/files`, {
      method: "POST",
      body: formOf({ content: "x".repeat(mebibyte + 1) }),
    });
    const text = await response.text();

    expectError(
      { status: response.status, headers: response.headers, text, json: JSON.parse(text) },
      { status: 413, code: "request_too_large", param: "file" },
    );
    expect((await send<{ data: unknown[] }>(`${bed.url}/files`)).json.data).toHaveLength(
      before.json.data.length,
    );
  });

  test("B-09: uploads may be larger than bodies, and bodies are not", async () => {
    const { bytes } = await uploadFile(bed.url, { content: "x".repeat(200_000) });
    const body = new Blob([JSON.stringify({ model: "echo", prompt: "x".repeat(200_000) })]);

    const response = await fetch(`${bed.url}/completions`, { method: "POST", body: body.stream() });

    expect(bytes).toBe(200_000);
    expect(response.status).toBe(413);
  });

  test("B-10: a name is a name", async () => {
    const { json } = await postRawForm<FileBody>(`${bed.url}/files`, [
      field("purpose", "batch"),
      filePart("x", "../../x\\r\\n\u0001.jsonl"),
    ]);

    const { headers } = await fetch(`${bed.url}/files/${json.id}/content`);

    expect(json.filename).not.toMatch(/[/\\\p{Cc}]/u);
    expect(headers.get("content-disposition")).toStartWith("attachment; filename=");
  });

  test("B-12: ids are looked at", async () => {
    expectError(await send(`${bed.url}/files/file-unknown`), { status: 404, code: "not_found" });
    expectError(await send(`${bed.url}/files/nofile`), { status: 400, param: "file_id" });
    expectError(await send(`${bed.url}/files/file-';DROP%20TABLE%20records;--`), { status: 400 });
  });

  for (const { name, connect } of nodeGenerations) {
    test(`B-14: ${name} uploads, looks up, lists, downloads and deletes`, async () => {
      const { files } = connect(bed.url);
      const made = await files.create({
        file: new File(['{"a":"é"}\n'], "node.jsonl"),
        purpose: "evals",
        expires_after: { anchor: "created_at", seconds: 3_600 },
      });
      await files.create({ file: new File(["{}"], "other.jsonl"), purpose: "evals" });

      const found = await files.retrieve(made.id);
      const listed = await Array.fromAsync(files.list({ purpose: "evals", limit: 1, order: "asc" }));
      const text = await (await files.content(made.id)).text();
      const waited = await files.waitForProcessing(made.id);
      const deleted = await Promise.all(listed.map(({ id }) => files.delete(id)));
      const gone: unknown = await rejection(files.retrieve(made.id));

      expect(found).toMatchObject({ id: made.id, filename: "node.jsonl", bytes: 11, purpose: "evals" });
      expect(found.expires_at).toBe(made.created_at + 3_600);
      expect(waited.status).toBe("processed");
      expect(listed.map(({ filename }) => filename)).toEqual(["node.jsonl", "other.jsonl"]);
      expect(text).toBe('{"a":"é"}\n');
      expect(deleted[0]).toEqual({ id: made.id, object: "file", deleted: true });
      expect(gone).toMatchObject({ status: 404, code: "not_found" });
    });

    test(`B-07: ${name} is told what is wrong`, async () => {
      const { files } = connect(bed.url);

      const wrong: unknown = await rejection(
        // @ts-expect-error: no such purpose
        files.create({ file: new File(["{}"], "a"), purpose: "nothing" }),
      );

      expect(wrong).toMatchObject({ status: 400, param: "purpose", code: "invalid_value" });
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
    ) => python.run<Value>({ baseUrl: bed.url, call: `files.${call}`, arguments: given, mode });

    test("B-14: uploads, looks up, lists, downloads and deletes", async () => {
      const file = ["python.jsonl", '{"a":"é"}\n'];
      const made = await run<FileBody>("create", { file, purpose: "vision" });

      const found = await run<FileBody>("retrieve", { file_id: made.id });
      const listed = await run<FileBody[]>("list", { purpose: "vision" }, "items");
      const text = await run<string>("content", { file_id: made.id }, "text");
      const deleted = await run<unknown>("delete", { file_id: made.id });
      const gone: unknown = await rejection(run("retrieve", { file_id: made.id }));

      expect(found).toMatchObject({ filename: "python.jsonl", bytes: 11, purpose: "vision" });
      expect(listed.map(({ id }) => id)).toEqual([made.id]);
      expect(text).toBe('{"a":"é"}\n');
      expect(deleted).toEqual({ id: made.id, object: "file", deleted: true });
      expect(gone).toMatchObject({ details: { status: 404, code: "not_found" } });
    });

    test("B-11: says when a file ends", async () => {
      const expires_after = { anchor: "created_at", seconds: 7_200 };

      const made = await run<FileBody>("create", { file: ["a", "x"], purpose: "user_data", expires_after });
      const wrong: unknown = await rejection(
        run("create", {
          file: ["a", "x"],
          purpose: "user_data",
          expires_after: { ...expires_after, seconds: 1 },
        }),
      );

      expect(made.expires_at).toBe(made.created_at + 7_200);
      expect(wrong).toMatchObject({ details: { status: 400, param: "expires_after[seconds]" } });
    });
  });
});

describeBlackBox("Files of keys", () => {
  test("B-06: are there for their own key alone", async () => {
    const bed = await startBedWith(
      { echo: {} },
      { config: { auth: { keys: ["key-one-12345", "key-two-12345"] } } },
    );
    try {
      const [own, other] = ["one", "two"].map((name) => ({ authorization: `Bearer key-${name}-12345` }));
      const { id } = await uploadFile(bed.url, { content: "secret" }, own);
      const file = `${bed.url}/files/${id}`;

      const foreign = [
        await send(file, { headers: other ?? {} }),
        await send(`${file}/content`, { headers: other ?? {} }),
        await send(file, { method: "DELETE", headers: other ?? {} }),
      ];

      for (const answer of foreign) expectError(answer, { status: 404 });
      expect((await send(`${file}/content`, { headers: own ?? {} })).text).toBe("secret");
      expectError(await send(`${bed.url}/files`), { status: 401 });
    } finally {
      await bed.stop();
    }
  });
});
