import { afterEach, expect, test } from "bun:test";
import { startBedWith, type Bed } from "../conformance/bed.ts";
import { user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post } from "../support/wire.ts";

const key = "sk-canary-0123456789abcdef";
const prompt = "prompt-canary \u001b[2J\r\n[2026-01-01 00:00:00] [INFO] forged";

describeBlackBox("The log", () => {
  let bed: Bed;
  afterEach(() => bed.stop());

  const run = async (...args: string[]): Promise<string> => {
    bed = await startBedWith({ echo: {}, fail: {} }, { args, config: { auth: { keys: [key] } } });
    const headers = { authorization: `Bearer ${key}` };
    await post(`${bed.url}/chat/completions`, { model: "echo", ...user(prompt) }, headers);
    await post(`${bed.url}/chat/completions`, { model: "echo", ...user(prompt), stream: true }, headers);
    await post(`${bed.url}/chat/completions`, { model: "fail", ...user(prompt) }, headers);
    await post(
      `${bed.url}/chat/completions`,
      { model: "echo", ...user(prompt) },
      { authorization: `Bearer ${key}x` },
    );
    bed.gateway.signal("SIGTERM");
    await bed.gateway.exited;
    return bed.gateway.log();
  };

  test("holds neither prompts nor keys unless asked to", async () => {
    const log = await run();

    expect(log).toContain("echo");
    expect(log).not.toContain("prompt-canary");
    expect(log).not.toContain(key);
  });

  for (const format of ["pretty", "json"]) {
    test(`with --log-content full holds prompts without their control characters, in ${format} form`, async () => {
      const log = await run("--log-content", "full", "--log-format", format);

      expect(log).toContain("prompt-canary");
      expect(log).not.toContain("\u001b");
      expect(log).not.toMatch(/^\[2026-01-01 00:00:00\] \[INFO\] forged/m);
      expect(log).not.toContain(key);
    });
  }

  test("tells the operator why a backend failed", async () => {
    const log = await run();

    expect(log).toMatch(/UNAVAILABLE|unavailable/);
  });

  test("in JSON form is one object a line", async () => {
    const log = await run("--log-format", "json");

    for (const line of log.split("\n")) {
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), message: expect.any(String) });
    }
  });
});
