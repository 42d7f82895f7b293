import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { errorOf, expectError } from "../../support/expectations.ts";
import type { ChatBody, ChatChunk } from "../../support/openai-wire.ts";
import { chatText, user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { residentBytes } from "../../support/resident-bytes.ts";
import { post, postStream, readFrames, send } from "../../support/wire.ts";
import { garbage, others, silent, sourceOf, throwing, unending } from "./faulty-agents.ts";
import { type Program, startProgram } from "./program.ts";

const mebibyte = 1_048_576;
/** What agents may call. */
const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];

describeBlackBox("An agent in the server's own process", () => {
  let program: Program;
  let chat: string;
  beforeAll(async () => {
    const file = sourceOf({ ...throwing, ...garbage, ...unending, ...silent, ...others });
    program = await startProgram(
      "oai-serve --config oai-serve.yaml --port 0 --store memory: --agent agents.ts",
      {
        files: { "agents.ts": file, "oai-serve.yaml": "timeouts: { agent: 500ms }\n" },
      },
    );
    chat = `${program.url}/v1/chat/completions`;
  });
  afterAll(() => program.stop());
  afterEach(async () => {
    expect(await ask("echo", "still here")).toBe("still here");
  });

  async function ask(model: string, text = "Hi"): Promise<string | null | undefined> {
    const { status, json } = await post<ChatBody>(chat, { model, ...user(text) });
    expect(status).toBe(200);
    return json.choices[0]?.message.content;
  }

  /** Resolves once an agent that counts says at least `count`. */
  async function untilCounted(agent: string, count: number): Promise<void> {
    while (Number(await ask(agent)) < count);
  }

  async function open(model: string, text = "Hi") {
    const controller = new AbortController();
    const response = await fetch(chat, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, stream: true, tools, ...user(text) }),
      signal: controller.signal,
    });
    return { response, controller };
  }

  for (const model of Object.keys({ ...throwing, ...garbage })) {
    test(`that ${words(model)} fails its own request, whole and as a stream, without its words`, async () => {
      const whole = await post(chat, { model, ...user("Hi") });
      const stream = await post(chat, { model, stream: true, ...user("Hi") });

      const error = expectError(whole, { status: 500, code: "agent_failed" });
      expect(stream.status).toBe(500);
      expect(errorOf(stream.json)).toEqual(error);
      expect(whole.text + stream.text).not.toContain("secret");
    });
  }

  for (const model of Object.keys(silent)) {
    test(`that ${words(model)} ends at its deadline`, async () => {
      const [whole, stream] = await Promise.all([
        post(chat, { model, ...user("Hi") }),
        post(chat, { model, stream: true, ...user("Hi") }),
      ]);

      expectError(whole, { status: 504, code: "timeout" });
      expect(errorOf(stream.json)).toMatchObject({ code: "timeout" });
    });
  }

  test("that stops in the middle ends with an error frame after what it said", async () => {
    const { chunks } = await postStream<ChatChunk>(chat, { model: "stops-in-the-middle", ...user("Hi") });

    expect(chatText(chunks.slice(0, -1))).toBe("so");
    expect(errorOf(chunks.at(-1))).toMatchObject({ type: "server_error", code: "timeout" });
  });

  for (const model of Object.keys(unending)) {
    describe(`that is ${words(model)}`, () => {
      test("ends when its client leaves, and others are served meanwhile", async () => {
        const before = Number(await ask("ended"));
        const { response, controller } = await open(model);
        const frames = readFrames(response);
        for (let count = 0; count < 20; count++) await frames.next();

        const meanwhile = await ask("echo", "meanwhile");
        controller.abort();

        expect(meanwhile).toBe("meanwhile");
        await untilCounted("ended", before + 1);
      });

      test("is an error as a whole answer once that is longer than any may be", async () => {
        const before = Number(await ask("ended"));

        const answer = await post(chat, { model, tools, ...user("Hi") });

        const error = expectError(answer, { status: 502, code: "upstream_error" });
        expect(error.message).toContain("longer than 33554432 characters");
        await untilCounted("ended", before + 1);
      }, 60_000);
    });
  }

  test("serves a hundred at once, of whom half leave in the middle", async () => {
    const before = { begun: Number(await ask("begun")), spelled: Number(await ask("spelled")) };
    const queries = Array.from({ length: 100 }, (_, index) => `${index}: ${"abcdefghij".repeat(10)}`);

    const answers = await Promise.all(
      queries.map(async (query, index) => {
        const { response, controller } = await open("spells-slowly", query);
        if (index % 2 === 0) return chatText(await chunksOf(response));
        const frames = readFrames(response);
        await frames.next();
        controller.abort();
        return "left";
      }),
    );

    expect(answers).toEqual(queries.map((query, index) => (index % 2 === 0 ? query : "left")));
    await untilCounted("spelled", before.spelled + 100);
    expect(await ask("begun")).toBe(String(before.begun + 100));
  });

  test("does not make the process grow, however often it goes wrong", async () => {
    const models = Object.keys({ ...throwing, ...garbage });
    const round = async () => {
      await Promise.all(models.map((model) => post(chat, { model, ...user("Hi") })));
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          const { response, controller } = await open("endless-without-a-pause");
          await readFrames(response).next();
          controller.abort();
        }),
      );
    };
    for (let count = 0; count < 10; count++) await round();
    const before = residentBytes(program.pid);

    for (let count = 0; count < 30; count++) await round();

    expect(residentBytes(program.pid) - before).toBeLessThan(64 * mebibyte);
    expect((await send(`${program.url}/health`)).status).toBe(200);
  }, 60_000);
});

async function chunksOf(response: Response): Promise<ChatChunk[]> {
  const chunks: ChatChunk[] = [];
  for await (const frame of readFrames(response)) {
    if (frame.startsWith("data: {")) chunks.push(JSON.parse(frame.slice("data: ".length)));
  }
  return chunks;
}

function words(name: string): string {
  return name.replaceAll("-", " ");
}
