import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { startBedWith, type Bed } from "../conformance/bed.ts";
import { extent } from "../support/long.ts";
import type { ChatBody, ChatChunk } from "../support/openai-wire.ts";
import { chatText, user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, postStream } from "../support/wire.ts";

const callers = 16;
const mebibyte = 1_048_576;

describeBlackBox("A server that works for a while", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith({ echo: {}, endless: {}, failmid: {}, fail: {} });
  });
  afterAll(() => bed.stop());

  test(
    "answers everything right and does not grow",
    async () => {
      await work(extent(400, 2_000));
      const before = residentBytes(bed.gateway.pid);

      await work(extent(1_200, 40_000));

      expect(residentBytes(bed.gateway.pid) - before).toBeLessThan(48 * mebibyte);
      const left = await bed.anyserve.calls({ backend: "endless" });
      await bed.anyserve.waitFor({ backend: "endless", outcome: "cancelled" }, { count: left.length });
    },
    extent(60_000, 1_800_000),
  );

  /** So many requests of every kind, by a few callers; fails at the first wrong answer. */
  async function work(requests: number): Promise<void> {
    await bed.anyserve.reset();
    let next = 0;
    const call = async () => {
      while (next < requests) await kinds[next++ % kinds.length]?.(`w${next} x y z`);
    };
    await Promise.all(Array.from({ length: callers }, call));
  }

  const chat = () => `${bed.url}/chat/completions`;

  const kinds: ((text: string) => Promise<void>)[] = [
    async (text) => {
      const { json } = await post<ChatBody>(chat(), { model: "echo", ...user(text) });
      expect(json.choices[0]?.message.content).toBe(text);
    },
    async (text) => {
      const { chunks } = await postStream<ChatChunk>(chat(), { model: "echo", ...user(text) });
      expect(chatText(chunks)).toBe(text);
    },
    async (text) => {
      const { json } = await post<ChatBody>(chat(), { model: "echo", n: 3, stop: "y", ...user(text) });
      expect(json.choices.map(({ message }) => message.content)).toEqual(Array(3).fill(text.split("y")[0]));
    },
    async (text) => {
      const controller = new AbortController();
      const response = await fetch(chat(), {
        method: "POST",
        body: JSON.stringify({ model: "endless", stream: true, ...user(text) }),
        signal: controller.signal,
      });
      await response.body?.getReader().read();
      controller.abort();
    },
    async (text) => {
      const { chunks } = await postStream<ChatChunk>(chat(), { model: "failmid", ...user(text) });
      expect(chunks.at(-1)?.error?.code).toBe("upstream_error");
    },
    async () => {
      expect((await post(chat(), { model: "echo", messages: [] })).status).toBe(400);
    },
    async (text) => {
      expect((await post(chat(), { model: "fail", ...user(text) })).status).toBe(503);
    },
  ];
});

/** Memory of a process that is in RAM. */
function residentBytes(pid: number): number {
  const kibibytes =
    process.platform === "linux"
      ? /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      : Bun.spawnSync(["ps", "-o", "rss=", "-p", String(pid)]).stdout.toString();
  return Number(kibibytes) * 1_024;
}
