import { afterAll, beforeAll, expect, test } from "bun:test";
import { startAnyserve, type Anyserve } from "../support/anyserve/anyserve.ts";
import { startGateway, type Gateway } from "../support/harness.ts";
import type { ChatBody, ChatChunk, CompletionBody } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { parseEvents, rawExchange, send, type Answer } from "../support/wire.ts";

/** What AnyServe's own document prints, with the port adjusted: `--anyserve-endpoint`, curl, openai 0.28. */
describeBlackBox("99, 136. AnyServe's document", () => {
  let anyserve: Anyserve;
  let gateway: Gateway;
  beforeAll(async () => {
    anyserve = await startAnyserve({ echo: { modelName: "tiny-model.gguf" } });
    const endpoint = anyserve.endpoint("echo").replace("127.0.0.1", "localhost");
    gateway = await startGateway({ args: ["--anyserve-endpoint", endpoint] });
  });
  afterAll(async () => {
    await gateway.stop();
    await anyserve.stop();
  });

  test("text completion with curl", async () => {
    const text = await curl(gateway, "completions", {
      prompt: "Once upon a time",
      max_tokens: 100,
      temperature: 0.7,
    });

    const body: CompletionBody = JSON.parse(text);
    expect(body.choices[0]).toEqual({
      text: "Once upon a time",
      index: 0,
      logprobs: null,
      finish_reason: "stop",
    });
  });

  test("chat completion with curl", async () => {
    const text = await curl(gateway, "chat/completions", {
      messages: [{ role: "user", content: "Hello, how are you?" }],
      max_tokens: 100,
    });

    const body: ChatBody = JSON.parse(text);
    expect(body.choices[0]?.message).toMatchObject({ role: "assistant", content: "Hello, how are you?" });
  });

  test("streaming with curl", async () => {
    const text = await curl(gateway, "completions", {
      prompt: "Once upon a time",
      max_tokens: 100,
      stream: true,
    });

    const { chunks } = parseEvents<CompletionBody>(text);
    expect(chunks.map((chunk) => chunk.choices[0]?.text).join("")).toBe("Once upon a time");
    expect(chunks.length).toBeGreaterThanOrEqual(5);
  });

  test("the fields become the inputs that the document lists", async () => {
    await anyserve.reset();

    await curl(gateway, "completions", {
      prompt: "Once upon a time",
      max_tokens: 100,
      temperature: 0.5,
      top_p: 0.25,
      top_k: 7,
    });

    const call = (await anyserve.generations())[0];
    expect(call).toMatchObject({
      model: "generate_stream",
      version: "llamacpp",
      port: "worker",
      rawInputs: 0,
    });
    expect(call?.inputs).toEqual({
      prompt: { datatype: "BYTES", shape: [1], contents: ["Once upon a time"] },
      max_tokens: { datatype: "INT32", shape: [1], contents: [100] },
      temperature: { datatype: "FP32", shape: [1], contents: [0.5] },
      top_p: { datatype: "FP32", shape: [1], contents: [0.25] },
      top_k: { datatype: "INT32", shape: [1], contents: [7] },
    });
  });

  for (const id of ["tiny-model.gguf", "llamacpp"]) {
    test(`the model answers as ${id}`, async () => {
      const { status, json } = await send<{ id: string }>(`${gateway.url}/v1/models/${id}`);

      expect(status).toBe(200);
      expect(json.id).toBe(id);
    });
  }

  test("GET /v1/models names the backend's model", async () => {
    const { json } = await send<{ data: { id: string }[] }>(`${gateway.url}/v1/models`);

    expect(json.data.map(({ id }) => id)).toContain("tiny-model.gguf");
  });

  test("GET /health is 200", async () => {
    expect((await send(`${gateway.url}/health`)).status).toBe(200);
  });

  test("openai 0.28: Completion.create", async () => {
    const { status, json } = await sendAsOpenai028<CompletionBody>(
      gateway,
      "/v1/completions",
      '{"model": "llamacpp", "prompt": "Once upon a time", "max_tokens": 100}',
    );

    expect(status).toBe(200);
    expect(json).toMatchObject({ model: "llamacpp", choices: [{ text: "Once upon a time" }] });
  });

  test("openai 0.28: ChatCompletion.create", async () => {
    const { status, json } = await sendAsOpenai028<ChatBody>(
      gateway,
      "/v1/chat/completions",
      '{"model": "llamacpp", "messages": [{"role": "user", "content": "Hello!"}]}',
    );

    expect(status).toBe(200);
    expect(json).toMatchObject({ model: "llamacpp", choices: [{ message: { content: "Hello!" } }] });
  });

  test("139: openai 0.28: its line parser reads the stream", async () => {
    const { body } = await exchangeAsOpenai028(
      gateway,
      "/v1/chat/completions",
      '{"model": "llamacpp", "messages": [{"role": "user", "content": "a b c"}], "stream": true}',
    );

    const { payloads, ended } = readLikeOpenai028(body);
    expect(ended).toBe(true);
    const chunks = payloads.map((payload): ChatChunk => JSON.parse(payload));
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("a b c");
  });

  test("openai 0.28: an error has the object that it looks for", async () => {
    const { status, json } = await sendAsOpenai028<{ error: { message: string } }>(
      gateway,
      "/v1/chat/completions",
      '{"model": "nope", "messages": [{"role": "user", "content": "Hello!"}]}',
    );

    expect(status).toBe(404);
    expect(json.error.message).toBeString();
  });
});

/** The document's command line. */
async function curl(gateway: Gateway, path: string, body: unknown): Promise<string> {
  const child = Bun.spawn(
    [
      "curl",
      "--silent",
      "--show-error",
      "--fail",
      `${gateway.url.replace("127.0.0.1", "localhost")}/v1/${path}`,
      "-H",
      "Content-Type: application/json",
      "-d",
      JSON.stringify(body),
    ],
    { stdout: "pipe", stderr: "inherit" },
  );
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return text;
}

/** One request with the headers of openai-python 0.28 over its HTTP library. */
async function exchangeAsOpenai028(
  gateway: Gateway,
  path: string,
  body: string,
): Promise<{ status: number; body: string }> {
  const agent =
    '{"bindings_version": "0.28.1", "httplib": "requests", "lang": "python", "publisher": "openai"}';
  const answer = await rawExchange(gateway.port, [
    [
      `POST ${path} HTTP/1.1`,
      `Host: localhost:${gateway.port}`,
      "User-Agent: OpenAI/v1 PythonBindings/0.28.1",
      "Accept-Encoding: gzip, deflate",
      "Accept: */*",
      "Connection: close",
      `X-OpenAI-Client-User-Agent: ${agent}`,
      "Authorization: Bearer not-needed",
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
      "",
      body,
    ].join("\r\n"),
  ]);
  const head = answer.slice(0, answer.indexOf("\r\n\r\n"));
  const rest = answer.slice(head.length + 4);
  return {
    status: Number(head.split(" ")[1]),
    body: /transfer-encoding: chunked/i.test(head) ? withoutChunks(rest) : rest,
  };
}

async function sendAsOpenai028<Body>(
  gateway: Gateway,
  path: string,
  body: string,
): Promise<Pick<Answer<Body>, "status" | "json">> {
  const answer = await exchangeAsOpenai028(gateway, path, body);
  return { status: answer.status, json: JSON.parse(answer.body) };
}

/** Takes the chunked coding off; the texts here are ASCII, so lengths are characters. */
function withoutChunks(coded: string): string {
  let text = "";
  for (let rest = coded; ;) {
    const end = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (!(size > 0)) return text;
    text += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 2 + size + 2);
  }
}

/** That version's rule: a line is a payload only after `data: `, and only `data: [DONE]` ends the stream. */
function readLikeOpenai028(text: string): { payloads: string[]; ended: boolean } {
  const payloads: string[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "data: [DONE]") return { payloads, ended: true };
    if (line.startsWith("data: ")) payloads.push(line.slice("data: ".length));
  }
  return { payloads, ended: false };
}
