import { afterEach, expect, test } from "bun:test";
import { startBedWith, type Bed } from "../conformance/bed.ts";
import { errorOf } from "../support/expectations.ts";
import { startGateway } from "../support/harness.ts";
import type { ChatBody, ChatChunk } from "../support/openai-wire.ts";
import { chatText, user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { parseEvents, post, send } from "../support/wire.ts";

const chat = { model: "gated", ...user("a b c") };

describeBlackBox("SIGTERM", () => {
  let bed: Bed;
  const start = async (...args: string[]) => {
    bed = await startBedWith({ gated: {}, hang: { after: 2 } }, { args });
  };
  afterEach(() => bed.stop());

  const openStream = async (body: Record<string, unknown>) => {
    const response = await fetch(`${bed.url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...body, stream: true }),
    });
    expect(response.status).toBe(200);
    return response.text();
  };

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal}: what runs is finished, nothing new is taken, and the exit is clean`, async () => {
      await start();
      await bed.anyserve.release("gated", 1);
      const stream = openStream(chat);
      await bed.anyserve.waitFor({ backend: "gated" }, { messages: 1 });
      const whole = post<ChatBody>(`${bed.url}/chat/completions`, chat);
      await bed.anyserve.waitFor({ backend: "gated", outcome: "running" }, { count: 2 });

      bed.gateway.signal(signal);
      await untilRefused(bed);
      await bed.anyserve.release("gated", 5);

      expect(chatText(parseEvents<ChatChunk>(await stream).chunks)).toBe("a b c");
      expect((await whole).json.choices[0]?.message.content).toBe("a b c");
      expect(await bed.gateway.exited).toBe(0);
    });
  }

  test("without anything running it ends at once", async () => {
    await start();

    const asked = Date.now();
    bed.gateway.signal("SIGTERM");

    expect(await bed.gateway.exited).toBe(0);
    expect(Date.now() - asked).toBeLessThan(2_000);
  });

  test("an idle kept-alive connection does not hold it", async () => {
    await start();
    await send(`${bed.gateway.url}/live`);

    bed.gateway.signal("SIGTERM");

    expect(await bed.gateway.exited).toBe(0);
  });

  test("what outlives the grace gets an error frame and its call is cancelled", async () => {
    await start("--shutdown-grace", "300ms");
    const stream = openStream({ ...chat, model: "hang" });
    await bed.anyserve.waitFor({ backend: "hang" }, { messages: 2 });

    bed.gateway.signal("SIGTERM");

    const { chunks } = parseEvents<ChatChunk>(await stream);
    expect(chatText(chunks)).toBe("a b ");
    expect(errorOf(chunks.at(-1)).type).toBe("server_error");
    await bed.anyserve.waitFor({ backend: "hang", outcome: "cancelled" }, { seconds: 2 });
    expect(await bed.gateway.exited).toBe(0);
  });

  test("a whole answer that outlives the grace is an error and no reset", async () => {
    await start("--shutdown-grace", "300ms");
    const answer = post(`${bed.url}/chat/completions`, { ...chat, model: "hang" });
    await bed.anyserve.waitFor({ backend: "hang" }, { messages: 2 });

    bed.gateway.signal("SIGTERM");

    const { status, json } = await answer;
    expect(status).toBeGreaterThanOrEqual(500);
    errorOf(json);
    expect(await bed.gateway.exited).toBe(0);
  });

  test("a second signal ends it at once", async () => {
    await start();
    const stream = openStream({ ...chat, model: "hang" }).catch(() => "");
    await bed.anyserve.waitFor({ backend: "hang" }, { messages: 2 });

    bed.gateway.signal("SIGTERM");
    await untilRefused(bed);
    const asked = Date.now();
    bed.gateway.signal("SIGTERM");

    expect(await bed.gateway.exited).toBe(1);
    expect(Date.now() - asked).toBeLessThan(2_000);
    await stream;
  });

  test("with a delay it serves on and says that it is not ready", async () => {
    await start("--shutdown-delay", "1500ms");
    expect((await send(`${bed.gateway.url}/ready`)).status).toBe(200);

    bed.gateway.signal("SIGTERM");
    await eventually(async () => (await send(`${bed.gateway.url}/ready`)).status === 503);
    await bed.anyserve.release("gated", 3);
    const answer = await post<ChatBody>(`${bed.url}/chat/completions`, chat);
    const live = await send(`${bed.gateway.url}/live`);

    expect(answer.status).toBe(200);
    expect(live.status).toBe(200);
    expect(await bed.gateway.exited).toBe(0);
  });
});

describeBlackBox("SIGTERM and the demo model", () => {
  test("a paced answer is finished within the grace", async () => {
    const gateway = await startGateway({ args: ["--demo-delay", "5ms"] });
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...user("hi"), stream: true }),
    });

    gateway.signal("SIGTERM");

    const { chunks } = parseEvents<ChatChunk>(await response.text());
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    expect(await gateway.exited).toBe(0);
    await gateway.stop();
  });
});

/** Resolves once a new connection is refused. */
function untilRefused(bed: Bed): Promise<void> {
  return eventually(async () => {
    try {
      await fetch(`${bed.gateway.url}/live`, { headers: { connection: "close" }, keepalive: false });
      return false;
    } catch {
      return true;
    }
  });
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("the condition did not come true in 5 s");
    await Bun.sleep(10);
  }
}
