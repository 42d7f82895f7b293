import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { connect } from "node:net";
import { startBedWith, type Bed } from "../conformance/bed.ts";
import { expectError } from "../support/expectations.ts";
import type { ChatBody } from "../support/openai-wire.ts";
import { user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, rawExchange, send } from "../support/wire.ts";

const chat = { model: "echo", ...user("hi") };
const head = "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n";

/** Bodies that are not a request; no backend may hear of any, and each is answered with a status of 4xx. */
const refused: readonly (readonly [string, () => string | Uint8Array])[] = [
  ["100,000 nested arrays", () => "[".repeat(100_000) + "]".repeat(100_000)],
  ["100,000 nested arrays in a field", () => withField("foo", "[".repeat(100_000) + "]".repeat(100_000))],
  [
    "100,000 nested objects in a field",
    () => withField("foo", '{"a":'.repeat(100_000) + "1" + "}".repeat(100_000)),
  ],
  ["nesting that never closes", () => "[".repeat(1_000_000)],
  ["a million messages", () => withMessages(1_000_000)],
  ["n of 1e9", () => withField("n", "1000000000")],
  ["n of 1e308", () => withField("n", "1e308")],
  ["max_tokens of 2^53", () => withField("max_tokens", "9007199254740993")],
  ["max_tokens of 1e400", () => withField("max_tokens", "1e400")],
  ["a temperature of NaN", () => withField("temperature", "NaN")],
  ["a temperature of Infinity", () => withField("temperature", "Infinity")],
  ["100,000 stop texts", () => withField("stop", JSON.stringify(Array.from({ length: 100_000 }, () => "x")))],
  ["invalid UTF-8 in a text", () => invalidUtf8()],
  ["a lone continuation byte", () => Buffer.concat([Buffer.from('{"model":"echo\x80"}', "latin1")])],
  ["a byte order mark of UTF-16", () => Buffer.from(`\ufeff${JSON.stringify(chat)}`, "utf16le")],
  ["a NUL after the value", () => `${JSON.stringify(chat)}\0`],
  ["a value and another", () => `${JSON.stringify(chat)}{}`],
  ["a comment", () => `/* hi */${JSON.stringify(chat)}`],
  ["a trailing comma", () => `${JSON.stringify(chat).slice(0, -1)},}`],
  ["nothing but spaces", () => " ".repeat(1_000)],
  ["a model id of a megabyte", () => JSON.stringify({ ...chat, model: "x".repeat(1_000_000) })],
  ["a model id with line ends", () => JSON.stringify({ ...chat, model: "x\r\nset-cookie: a=b" })],
  ["a model called __proto__", () => JSON.stringify({ ...chat, model: "__proto__" })],
  ["a model called constructor", () => JSON.stringify({ ...chat, model: "constructor" })],
  [
    "a role called __proto__",
    () => JSON.stringify({ ...chat, messages: [{ role: "__proto__", content: "x" }] }),
  ],
  [
    "a role called toString",
    () => JSON.stringify({ ...chat, messages: [{ role: "toString", content: "x" }] }),
  ],
];

/** Requests that are odd but legal: they are served. */
const served: readonly (readonly [string, () => string])[] = [
  ["a __proto__ key", () => withField("__proto__", '{"polluted":true,"temperature":9,"n":5}')],
  ["a constructor key", () => withField("constructor", '{"prototype":{"polluted":true}}')],
  [
    "__proto__ keys in a message",
    () => withMessage('{"role":"user","content":"hi","__proto__":{"polluted":true}}'),
  ],
  ["__proto__ in metadata", () => withField("metadata", '{"__proto__":"x","a":"b"}')],
  ["duplicate keys", () => withField("temperature", '0.5,"temperature":0.25')],
  ["a lone surrogate", () => withMessage('{"role":"user","content":"hi \\ud800 you"}')],
  ["NUL in a text", () => withMessage('{"role":"user","content":"hi \\u0000 you"}')],
  [
    "line separators and a false end",
    () => withMessage('{"role":"user","content":"a\\u2028\\n\\ndata: [DONE]\\n\\nb"}'),
  ],
  ["terminal escapes", () => withMessage('{"role":"user","content":"\\u001b[2J\\u001b]0;x\\u0007 hi"}')],
  ["negative zero", () => withField("temperature", "-0")],
  [
    "a megabyte in one word",
    () => withMessage(JSON.stringify({ role: "user", content: "x".repeat(1_000_000) })),
  ],
];

describeBlackBox("Bad input", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith({ echo: { contextTokens: 100_000_000 } }, { args: ["--max-body", "64MiB"] });
  });
  afterAll(() => bed.stop());
  beforeEach(() => bed.anyserve.reset());
  afterEach(async () => {
    const answer = await post<ChatBody>(`${bed.url}/chat/completions`, {
      model: "echo",
      ...user("still here"),
    });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).not.toContain("polluted");
    expect(answer.json.choices[0]?.message).toEqual({
      role: "assistant",
      content: "still here",
      refusal: null,
      annotations: [],
    });
  });

  const expectUnheard = async () => expect(await bed.anyserve.generations()).toEqual([]);

  for (const [name, body] of refused) {
    test(`${name} is refused`, async () => {
      const answer = await post(`${bed.url}/chat/completions`, body());

      expect(answer.status).toBeWithin(400, 500);
      expectError(answer, { status: answer.status });
      expect(answer.text.length).toBeLessThan(2_000);
      await expectUnheard();
    }, 20_000);
  }

  for (const [name, body] of served) {
    for (const stream of [false, true]) {
      test(`${name}: served as any other, stream ${stream}`, async () => {
        const answer = await post(`${bed.url}/chat/completions`, body().replace("{", `{"stream":${stream},`));

        expect(answer.status).toBe(200);
        if (stream) expect(answer.text.match(/^data: \[DONE\]$/gm)).toHaveLength(1);
        expect(await bed.anyserve.generations()).toHaveLength(1);
      }, 20_000);
    }
  }

  test("a __proto__ key sets nothing that later requests see", async () => {
    const poison = '{"temperature":1.5,"stop":"still","stream":true,"n":3,"tools":[]}';

    await post(`${bed.url}/chat/completions`, withField("__proto__", poison));
    await bed.anyserve.reset();
    const answer = await post<ChatBody>(`${bed.url}/chat/completions`, chat);

    expect(answer.json.choices).toHaveLength(1);
    expect((await bed.anyserve.generations())[0]?.inputNames).toEqual(["prompt"]);
  });

  for (const [name, headers] of [
    ["300 headers", Array.from({ length: 300 }, (_, index) => `x-h${index}: 1`)],
    ["a header of 100 kB", [`x-long: ${"y".repeat(100_000)}`]],
  ] as const) {
    test(`${name} are refused with 431`, async () => {
      const answer = await rawExchange(bed.gateway.port, [
        `GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers.join("\r\n")}\r\n\r\n`,
      ]);

      expect(answer).toStartWith("HTTP/1.1 431");
      await expectUnheard();
    });
  }

  for (const [name, text] of [
    ["two lengths", `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{} `],
    ["a length and chunks", `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["a negative length", `${head}content-length: -1\r\n\r\n{}`],
    ["a chunk size that is no number", `${head}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
    ["no host", "GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n"],
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"],
  ] as const) {
    test(`${name}: refused and closed`, async () => {
      const answer = await rawExchange(bed.gateway.port, [text]);

      expect(answer).toMatch(/^(HTTP\/1\.1 (400|505)|$)/);
      expect(answer.match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThanOrEqual(1);
      await expectUnheard();
    });
  }

  test("a client that goes away in the middle of its body is forgotten", async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(bed.gateway.port, "127.0.0.1", () => {
        socket.write(`${head}content-length: 100000\r\n\r\n{"model":"echo",`, () => socket.destroy());
      });
      socket.on("close", () => resolve());
    });

    expect((await send(`${bed.gateway.url}/live`)).status).toBe(200);
    await expectUnheard();
  });

  for (const body of [
    { model: "echo", prompt: Array.from({ length: 100_000 }, () => "x") },
    { model: "echo", prompt: "x", n: 1_000_000_000 },
    { model: "echo", prompt: "x", best_of: 1e9 },
    { model: "echo", prompt: Array.from({ length: 100_000 }, () => [1]) },
    {
      model: "echo",
      prompt: "x",
      logit_bias: Object.fromEntries(Array.from({ length: 100_000 }, (_, id) => [id, 101])),
    },
  ]) {
    test(`completions refuse ${JSON.stringify(body).slice(0, 60)}`, async () => {
      expectError(await post(`${bed.url}/completions`, body), { status: 400 });
      await expectUnheard();
    }, 20_000);
  }
});

/** The request with one more field, whose value is JSON text as it is. */
function withField(name: string, value: string): string {
  return `${JSON.stringify(chat).slice(0, -1)},${JSON.stringify(name)}:${value}}`;
}

function withMessage(message: string): string {
  return `{"model":"echo","max_tokens":50,"messages":[${message}]}`;
}

function withMessages(count: number): string {
  return `{"model":"echo","messages":[${'{"role":"user","content":"x"},'.repeat(count - 1)}{"role":"user","content":"x"}]}`;
}

function invalidUtf8(): Uint8Array {
  return Buffer.concat([
    Buffer.from('{"model":"echo","messages":[{"role":"user","content":"'),
    Buffer.from([0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80]),
    Buffer.from('"}]}'),
  ]);
}
