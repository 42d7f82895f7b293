import { afterAll, beforeAll, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { pythonGenerations, startPython, type PythonClient } from "../support/clients/python.ts";
import type { ChatBody, ChatChunk } from "../support/openai-wire.ts";
import { chatText, user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, rawExchange, send } from "../support/wire.ts";
import { startBedWith, type Bed } from "./bed.ts";

const seconds = 40;
const timeout = (seconds + 20) * 1_000;
const chat = { model: "slow", ...user("hi") };

/** Longer than every idle timeout below this server; all cases wait at the same time. */
describeBlackBox(`E. A backend that is silent for ${seconds} s`, () => {
  let bed: Bed;
  let pythons: readonly PythonClient[];
  beforeAll(async () => {
    bed = await startBedWith({ slow: { seconds } });
    pythons = await Promise.all(pythonGenerations.map(startPython));
  }, 20_000);
  afterAll(async () => {
    await Promise.all(pythons.map((python) => python.stop()));
    await bed.stop();
  });

  test.concurrent(
    "85: a stream gets its head early, then comments, then the answer",
    async () => {
      const started = Date.now();
      const response = await fetch(`${bed.url}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...chat, stream: true }),
      });
      const headAfter = Date.now() - started;

      const text = await response.text();

      const frames = text.split("\n\n");
      expect(headAfter).toBeLessThan(10_000);
      expect(JSON.parse(frames[0]?.slice("data: ".length) ?? "")).toMatchObject({
        choices: [{ delta: { role: "assistant", content: "" } }],
      });
      const comments = frames.filter((frame) => frame.startsWith(":"));
      expect(comments.length).toBeGreaterThanOrEqual(2);
      expect(frames.slice(1, 1 + comments.length)).toEqual(comments);
      expect(text).toContain('"content":"late"');
      expect(text).toEndWith("data: [DONE]\n\n");
    },
    timeout,
  );

  test.concurrent(
    "a body that does not come is given up in the meantime",
    async () => {
      const head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

      await rawExchange(bed.gateway.port, [`${head}content-length: 5000\r\n\r\n{`]);

      expect((await send(`${bed.gateway.url}/live`)).status).toBe(200);
    },
    timeout,
  );

  test.concurrent(
    "86: an answer without stream arrives, from one call of the backend",
    async () => {
      const answer = await post<ChatBody>(`${bed.url}/chat/completions`, { ...chat, ...user("only-once") });

      expect(answer.status).toBe(200);
      expect(answer.json.choices[0]?.message.content).toBe("late");
      const calls = await bed.anyserve.generations("slow");
      expect(
        calls.filter((call) => String(call.inputs["prompt"]?.contents[0]).includes("only-once")),
      ).toHaveLength(1);
    },
    timeout,
  );

  for (const { name, connect } of nodeGenerations) {
    test.concurrent(
      `85: ${name} gets the answer`,
      async () => {
        const client = connect(bed.url);

        const completion = await client.chat.completions
          .stream({ model: "slow", messages: [{ role: "user", content: "hi" }] })
          .finalChatCompletion();

        expect(completion.choices[0]?.message.content).toBe("late");
      },
      timeout,
    );
  }

  for (const [index, generation] of pythonGenerations.entries()) {
    for (const stream of [true, false]) {
      test.concurrent(
        `85, 86: openai-python ${generation} gets the answer, stream ${stream}`,
        async () => {
          const call = {
            baseUrl: bed.url,
            call: "chat.completions.create",
            arguments: { ...chat, stream },
          };

          const text = stream
            ? chatText((await pythons[index]?.run<ChatChunk[]>({ ...call, mode: "items" })) ?? [])
            : (await pythons[index]?.run<ChatBody>(call))?.choices[0]?.message.content;

          expect(text).toBe("late");
        },
        timeout,
      );
    }
  }
});
