import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startAnyserve, type Anyserve } from "../support/anyserve/anyserve.ts";
import { expectError } from "../support/expectations.ts";
import { runBinary, startGateway } from "../support/harness.ts";
import type { ChatBody, ChatChunk } from "../support/openai-wire.ts";
import { chatText, user } from "../support/openai-wire.ts";
import { binary, describeBlackBox } from "../support/prerequisites.ts";
import { post, postStream, send } from "../support/wire.ts";

describeBlackBox("Starting", () => {
  let anyserve: Anyserve;
  beforeAll(async () => {
    anyserve = await startAnyserve({
      echo: { modelName: "tiny-model" },
      late: { behaviour: "echo", up: false },
      whole: { behaviour: "echo", worker: false },
    });
  });
  afterAll(() => anyserve.stop());

  const local = (backend: string) => anyserve.endpoint(backend).replace("127.0.0.1", "localhost");

  test("--anyserve-endpoint localhost:PORT streams token by token, with the worker found by itself", async () => {
    const gateway = await startGateway({ args: ["--anyserve-endpoint", local("echo")] });

    const { chunks } = await postStream<ChatChunk>(`${gateway.url}/v1/chat/completions`, user("a b c"));
    await gateway.stop();

    expect(chatText(chunks)).toBe("a b c");
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.content)).toHaveLength(3);
    expect((await anyserve.generations("echo")).at(-1)).toMatchObject({
      port: "worker",
      rpc: "ModelStreamInfer",
    });
  });

  test("without a worker, a stream has the whole answer in one chunk", async () => {
    const gateway = await startGateway({ args: ["--anyserve-endpoint", local("whole")] });

    const { chunks } = await postStream<ChatChunk>(`${gateway.url}/v1/chat/completions`, user("a b c"));
    await gateway.stop();

    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content)).toEqual(["", "a b c", undefined]);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  test("the context that the backend reports holds without configuration", async () => {
    const gateway = await startGateway({ args: ["--anyserve-endpoint", local("echo")] });

    const answer = await post(`${gateway.url}/v1/chat/completions`, user("word ".repeat(5_000)));
    await gateway.stop();

    expectError(answer, { status: 400, code: "context_length_exceeded" });
  });

  test("it starts without its backend, says so, and serves as soon as the backend is there", async () => {
    const gateway = await startGateway({ args: ["--anyserve-endpoint", local("late")] });
    const chat = () => post<ChatBody>(`${gateway.url}/v1/chat/completions`, user("a b"));

    const before = await Promise.all([send(`${gateway.url}/live`), send(`${gateway.url}/health`), chat()]);
    expect(before.map(({ status }) => status)).toEqual([200, 503, 503]);
    expectError(before[2], { status: 503, code: "upstream_unavailable" });
    expect((await send(`${gateway.url}/v1/models`)).status).toBe(200);

    await anyserve.up("late");
    const after = await untilStatus(200, chat);

    expect(after.json.choices[0]?.message.content).toBe("a b");
    expect((await untilStatus(200, () => send(`${gateway.url}/health`))).status).toBe(200);
    await gateway.stop();
    await anyserve.down("late");
  }, 20_000);

  test("it survives a backend that goes away and comes back", async () => {
    const gateway = await startGateway({ args: ["--anyserve-endpoint", local("echo")] });
    const chat = () => post<ChatBody>(`${gateway.url}/v1/chat/completions`, user("a b"));
    expect((await chat()).status).toBe(200);

    await anyserve.down("echo");
    const without = await chat();
    await anyserve.up("echo");
    const again = await untilStatus(200, chat);
    await gateway.stop();

    expectError(without, { status: 503, code: "upstream_unavailable" });
    expect(again.json.choices[0]?.message.content).toBe("a b");
  }, 20_000);

  test("a hostile working directory has no effect", async () => {
    const poison = 'require("node:fs").writeFileSync("poisoned", "1"); process.exit(66);';
    const gateway = await startGateway({
      files: {
        ".env": "OAI_SERVE_API_KEY=from-the-directory\nBUN_OPTIONS=--preload=./poison.js\nOAI_SERVE_PORT=1\n",
        ".env.local": "OAI_SERVE_API_KEY=from-the-directory\n",
        "bunfig.toml": 'preload = ["./poison.js"]\n',
        "poison.js": poison,
        "package.json": '{"type":"module","imports":{"#x":"./poison.js"}}',
        "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./poison.js"]}}}',
        node_modules: "not a directory",
      },
    });

    const answer = await post(`${gateway.url}/v1/chat/completions`, { ...user("hi"), max_tokens: 3 });
    const poisoned = await Bun.file(join(gateway.directory, "poisoned")).exists();
    await gateway.stop();

    expect(answer.status).toBe(200);
    expect(poisoned).toBe(false);
  });

  test("the executable holds no path of the place where it was built", () => {
    const content = readFileSync(binary);

    expect(content.includes(join(import.meta.dir, "../.."))).toBe(false);
  });

  test("--version prints one line", async () => {
    const { code, stdout } = await runBinary(["--version"]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^\S*\d+\.\d+\.\d+\n$/);
  });

  test("an unknown flag is one clear line and exit code 2", async () => {
    const { code, stderr } = await runBinary(["--anyserve-endpont", "localhost:1"]);

    expect(code).toBe(2);
    expect(stderr).toContain("--anyserve-endpoint");
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

async function untilStatus<Answer extends { status: number }>(
  status: number,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const answer = await ask();
    if (answer.status === status) return answer;
    if (Date.now() > deadline) throw new Error(`still ${answer.status} instead of ${status} after 15 s`);
    await Bun.sleep(100);
  }
}
