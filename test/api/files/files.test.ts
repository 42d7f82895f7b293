import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { memoryLog } from "../../support/calls.ts";
import { createStore } from "../../../src/store/create-store.ts";
import type { RecordStore } from "../../../src/store/records.ts";
import { type App, startApp } from "../../support/app.ts";
import { expectError } from "../../support/expectations.ts";
import { field, type FileBody, filePart, formOf, postRawForm, uploadFile } from "../../support/forms.ts";
import { until } from "../../support/sources.ts";
import { rawExchange, send } from "../../support/wire.ts";

interface List {
  data: FileBody[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

function seconds(text: string) {
  return field("expires_after[seconds]", text);
}

function named(length: number) {
  return postRawForm(`${url}/files`, [field("purpose", "batch"), filePart("x", "n".repeat(length))]);
}

const maxFileBytes = 4 << 20;
const keys = ["key-one-12345", "key-two-12345"];
const [first, second] = keys.map((key) => ({ authorization: `Bearer ${key}` }));

let app: App;
let records: RecordStore;
let url: string;
beforeAll(() => {
  ({ records } = createStore("memory:", memoryLog()));
  app = startApp([], { records });
  url = `${app.url}/v1`;
});
afterAll(() => app[Symbol.asyncDispose]());

const bytesOf = async (id: string) => await (await fetch(`${url}/files/${id}/content`)).bytes();
/** Of all states, those that nobody sees as well. */
const stored = async () =>
  (await records.list({ collection: "file", order: "asc", limit: 1_000 }))?.items ?? [];

describe("an upload", () => {
  test("is answered with all that is known of the file", async () => {
    const file = await uploadFile(url, { content: "{}\n", filename: "requests.jsonl" });

    expect(file).toEqual<unknown>({
      id: expect.stringMatching(/^file-[A-Za-z0-9]{24}$/),
      object: "file",
      bytes: 3,
      created_at: expect.any(Number),
      expires_at: expect.any(Number),
      filename: "requests.jsonl",
      purpose: "batch",
      status: "processed",
    });
    expect((file.expires_at ?? 0) - file.created_at).toBeWithin(2_591_999, 2_592_002);
  });

  test("without an end of its own stays, unless it is for a batch", async () => {
    expect(await uploadFile(url, { content: "x", purpose: "user_data" })).not.toHaveProperty("expires_at");
  });

  test("can say when it ends", async () => {
    const fields = { "expires_after[anchor]": "created_at", "expires_after[seconds]": "3600" };

    const file = await uploadFile(url, { content: "x", purpose: "vision", fields });

    expect((file.expires_at ?? 0) - file.created_at).toBeWithin(3_599, 3_602);
  });

  test("can have its fields in any order", async () => {
    for (const parts of [
      [field("purpose", "batch"), filePart("x")],
      [filePart("x"), field("purpose", "batch")],
    ]) {
      const { status, json } = await postRawForm<FileBody>(`${url}/files`, parts);

      expect([status, json.purpose, json.bytes]).toEqual([200, "batch", 1]);
    }
  });

  test("may carry what nobody asked for", async () => {
    const parts = [field("purpose", "batch"), filePart("y", "b", "other"), filePart("x"), field("note", "n")];

    const { status, json } = await postRawForm<FileBody>(`${url}/files`, parts);

    expect([status, json.bytes]).toEqual([200, 1]);
  });
});

describe("the content of a file", () => {
  const everyByte = Uint8Array.from({ length: 1_024 }, (_, index) => index % 256);
  for (const [name, content] of [
    ["nothing", new Uint8Array()],
    ["text", Buffer.from("a\r\nb\n\u0000c")],
    ["a byte order mark", Buffer.from("\uFEFF{}\n")],
    ["every byte", everyByte],
    ["characters that any cut would tear", Buffer.from("a€𝄞".repeat(40_000))],
    ["bytes that are no characters", new Uint8Array(300_000).fill(0x80)],
    ["as much as is taken", new Uint8Array(maxFileBytes).fill(0x61)],
  ] as const) {
    test(`comes back byte for byte: ${name}`, async () => {
      const file = await uploadFile(url, { content: Uint8Array.from(content) });

      expect(file.bytes).toBe(content.length);
      expect(Buffer.compare(await bytesOf(file.id), content)).toBe(0);
    });
  }

  test("is an attachment that no browser takes for a page", async () => {
    const { id } = await uploadFile(url, { content: "<script>", filename: "page.html" });

    const { headers } = await fetch(`${url}/files/${id}/content`);

    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-disposition")).toStartWith('attachment; filename="page.html"');
  });
});

describe("a name", () => {
  for (const [given, kept] of [
    ["../../etc/passwd", "passwd"],
    ["C:\\\\dir\\\\x.jsonl", "x.jsonl"],
    ["..", "file"],
    ["", "file"],
    ["日本.jsonl", "日本.jsonl"],
    ['a\\"b.jsonl', 'a"b.jsonl'],
    ["a\u0000b\u001b\u202ec", "a_b__c"],
    ["%0d%0aset-cookie: x", "%0d%0aset-cookie: x"],
  ] as const) {
    test(`${JSON.stringify(given)} is kept as ${JSON.stringify(kept)} and is nothing but a name`, async () => {
      const parts = [field("purpose", "batch"), filePart("x", given)];
      const { json } = await postRawForm<FileBody>(`${url}/files`, parts);

      const { status, headers } = await fetch(`${url}/files/${json.id}/content`);

      expect(json.filename).toBe(kept);
      expect(status).toBe(200);
      expect(headers.get("set-cookie")).toBeNull();
      expect(headers.get("content-disposition")).toMatch(
        /^attachment; filename="[\x20-\x7e]*"; filename\*=UTF-8''[\w.!#$&+^`|~%-]*$/,
      );
    });
  }

  test("of 255 characters is taken, a longer one is not", async () => {
    expect((await named(255)).status).toBe(200);
    expectError(await named(256), { status: 400, param: "file", code: "string_above_max_length" });
  });
});

describe("what is no form with one file", () => {
  const purpose = field("purpose", "batch");
  const anchor = field("expires_after[anchor]", "created_at");
  for (const [name, parts, param] of [
    ["no file", [purpose], "file"],
    ["no purpose", [filePart("x")], "purpose"],
    ["an unknown purpose", [field("purpose", "batch_output"), filePart("x")], "purpose"],
    ["two files", [purpose, filePart("x"), filePart("y")], "file"],
    ["a field twice", [purpose, purpose, filePart("x")], "purpose"],
    ["a field that is too long", [field("purpose", "x".repeat(2_000)), filePart("x")], "purpose"],
    ["a file that is a field", [purpose, field("file", "x")], "file"],
    ["an anchor alone", [purpose, anchor, filePart("x")], "expires_after[seconds]"],
    ["seconds alone", [purpose, seconds("3600"), filePart("x")], "expires_after[anchor]"],
    ["too few seconds", [purpose, anchor, seconds("3599"), filePart("x")], "expires_after[seconds]"],
    ["too many seconds", [purpose, anchor, seconds("2592001"), filePart("x")], "expires_after[seconds]"],
    ["seconds in words", [purpose, anchor, seconds("soon"), filePart("x")], "expires_after[seconds]"],
    [
      "another anchor",
      [purpose, field("expires_after[anchor]", "now"), seconds("3600"), filePart("x")],
      "expires_after[anchor]",
    ],
  ] as const) {
    test(`is refused, and nothing of it stays: ${name}`, async () => {
      const before = await stored();

      const answer = await postRawForm(`${url}/files`, parts);

      expectError(answer, { status: 400, param });
      expect(await stored()).toEqual(before);
    });
  }

  test("is refused with nine fields", async () => {
    const fields = Array.from({ length: 9 }, (_, index) => field(`f${index}`, "x"));

    expectError(await postRawForm(`${url}/files`, [...fields, filePart("x")]), { status: 400 });
  });

  test("is refused when it is cut off, and nothing of it stays", async () => {
    const before = await stored();

    const answer = await postRawForm(`${url}/files`, [field("purpose", "batch"), filePart("x")], "");

    expectError(answer, { status: 400 });
    expect(await stored()).toEqual(before);
  });

  for (const [type, body] of [
    ["application/json", '{"purpose":"batch"}'],
    ["multipart/form-data", "x"],
    ["multipart/form-data; boundary=", "x"],
    ["multipart/form-data; boundary=x", ""],
    ["multipart/form-data; boundary=x", "no form"],
    ["application/x-www-form-urlencoded", "purpose=batch"],
  ] as const) {
    test(`is refused: ${type} ${JSON.stringify(body)}`, async () => {
      expectError(await send(`${url}/files`, { method: "POST", body, headers: { "content-type": type } }), {
        status: 400,
      });
    });
  }
});

describe("a file over the limit", () => {
  const content = new Uint8Array(maxFileBytes + 1);

  test("is 413 and leaves nothing, sized", async () => {
    const before = await stored();
    const form = new Response(formOf({ content }));

    const answer = await send(`${url}/files`, {
      headers: { "content-type": form.headers.get("content-type") ?? "" },
      body: new Uint8Array(await form.arrayBuffer()),
    });

    expectError(answer, { status: 413, code: "request_too_large", param: "file" });
    expect(await stored()).toEqual(before);
  });

  test("is 413 and leaves nothing, in chunks", async () => {
    const before = await stored();
    const form = new Response(formOf({ content }));

    const response = await fetch(`${url}/files`, {
      method: "POST",
      headers: { "content-type": form.headers.get("content-type") ?? "" },
      body: form.body,
    });
    const text = await response.text();

    expectError(
      { status: response.status, headers: response.headers, text, json: JSON.parse(text) },
      { status: 413, code: "request_too_large", param: "file" },
    );
    expect(await stored()).toEqual(before);
  });
});

test("a client that leaves in the middle leaves nothing", async () => {
  const before = await stored();
  const { port } = new URL(app.url);
  const socket = connect(Number(port), "127.0.0.1", () => {
    socket.write(
      "POST /v1/files HTTP/1.1\r\nhost: x.example\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 3000000\r\n\r\n" +
        '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n' +
        "x".repeat(2_500_000),
    );
  });
  await until(async () => (await stored()).length > before.length);
  const during = await send<List>(`${url}/files`);

  socket.destroy();

  await until(async () => (await stored()).length === before.length);
  expect(during.json.data).toHaveLength(before.length);
});

test("a chunked JSON body over its own limit is refused on other routes", async () => {
  const { port } = new URL(app.url);
  const chunk = `80000\r\n${"x".repeat(0x80000)}\r\n`;

  const answer = await rawExchange(Number(port), [
    "POST /v1/chat/completions HTTP/1.1\r\nhost: x.example\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
    chunk,
    chunk,
    chunk,
  ]);

  expect(answer).toStartWith("HTTP/1.1 413");
});

describe("a list", () => {
  let listed: App;
  const ids: string[] = [];
  const list = async (query: string) => (await send<List>(`${listed.url}/v1/files${query}`)).json;
  beforeAll(async () => {
    listed = startApp([]);
    for (const purpose of ["batch", "vision", "batch"]) {
      ids.push((await uploadFile(`${listed.url}/v1`, { content: purpose, purpose })).id);
    }
  });
  afterAll(() => listed[Symbol.asyncDispose]());

  test("has the newest first, and says where it begins and ends", async () => {
    const whole = await list("");

    expect(whole).toMatchObject({ object: "list", first_id: ids[2], last_id: ids[0], has_more: false });
    expect(whole.data.map(({ id }) => id)).toEqual(ids.toReversed());
  });

  test("can be paged through", async () => {
    const page = await list("?limit=2&order=asc");
    const next = await list(`?limit=2&order=asc&after=${page.last_id}`);

    expect([page.data.map(({ id }) => id), page.has_more]).toEqual([ids.slice(0, 2), true]);
    expect([next.data.map(({ id }) => id), next.has_more]).toEqual([ids.slice(2), false]);
  });

  test("can be of one purpose", async () => {
    expect((await list("?purpose=batch")).data.map(({ id }) => id)).toEqual([ids[2] ?? "", ids[0] ?? ""]);
    expect(await list("?purpose=evals")).toMatchObject({ data: [], first_id: null, last_id: null });
  });

  for (const query of ["limit=0", "limit=10001", "limit=x", "order=up", "after=file-unknown"]) {
    test(`refuses ?${query}`, async () => {
      expectError(await send(`${listed.url}/v1/files?${query}`), {
        status: 400,
        param: query.split("=", 1)[0] ?? "",
      });
    });
  }
});

describe("a file that is not there", () => {
  for (const path of ["", "/content"]) {
    test(`is 404: GET ${path}`, async () => {
      expectError(await send(`${url}/files/file-unknown${path}`), { status: 404, code: "not_found" });
    });

    for (const id of ["x", "file-", "file-a%2F..%2Fb", "file-'%20OR%201=1--", `file-${"a".repeat(65)}`]) {
      test(`has no such id: GET ${id}${path}`, async () => {
        expectError(await send(`${url}/files/${id}${path}`), { status: 400, param: "file_id" });
      });
    }
  }

  test("is 404 once it is deleted", async () => {
    const { id } = await uploadFile(url, { content: "x" });

    const deleted = await send(`${url}/files/${id}`, { method: "DELETE" });

    expect(deleted.json).toEqual({ id, object: "file", deleted: true });
    expectError(await send(`${url}/files/${id}`), { status: 404 });
    expectError(await send(`${url}/files/${id}/content`), { status: 404 });
    expectError(await send(`${url}/files/${id}`, { method: "DELETE" }), { status: 404 });
  });
});

test("a file of another key is not there", async () => {
  await using locked = startApp([], { keys });
  const base = `${locked.url}/v1`;
  const { id } = await uploadFile(base, { content: "secret" }, first);

  expectError(await send(`${base}/files/${id}`, { headers: second ?? {} }), { status: 404 });
  expectError(await send(`${base}/files/${id}/content`, { headers: second ?? {} }), { status: 404 });
  expectError(await send(`${base}/files/${id}`, { method: "DELETE", headers: second ?? {} }), {
    status: 404,
  });
  expect((await send<List>(`${base}/files`, { headers: second ?? {} })).json.data).toEqual([]);
  expect((await send(`${base}/files/${id}/content`, { headers: first ?? {} })).text).toBe("secret");
  expectError(await send(`${base}/files`, { body: "x" }), { status: 401 });
});
