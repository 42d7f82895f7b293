import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { nodeGenerations } from "../../support/clients/node.ts";
import { expectError } from "../../support/expectations.ts";
import type { ChatChunk } from "../../support/openai-wire.ts";
import { chatText, user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { residentBytes } from "../../support/resident-bytes.ts";
import type { UpstreamScript } from "../../support/upstream/upstream.ts";
import { parseEvents, post, readFrames } from "../../support/wire.ts";
import { lastText } from "../agents/upstream-body.ts";
import { startUpstreamBed, type UpstreamBed } from "./bed.ts";

const delta = (fields: object, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: fields, finish_reason }],
});
const mebibyte = 1_048_576;
const streams = 400;
/** So many pieces of 64 KiB are 4 GiB. */
const pieces = 65_536;
const piece = "x".repeat(65_536);

let gate = Promise.withResolvers<void>();
let sent = 0;

function* flood() {
  for (sent = 0; sent < pieces; sent++) yield delta({ content: piece });
}

async function* held(text: string) {
  yield delta({ content: `${text} ` });
  await gate.promise;
  yield delta({ content: "done" }, "stop");
}

const script: UpstreamScript = (body) => {
  const question = lastText(body, "user");
  if (question === "Flood") return { chunks: flood() };
  if (question === "Hang") return "hang";
  if (question === "Begin") return { chunks: [delta({ content: "Hi" })], ending: "hang" };
  return { chunks: held(question) };
};

const bodyOf = (text: string, stream = true) => ({ model: "gpt-4o-mini", stream, ...user(text) });

describeBlackBox("An OpenAI-compatible upstream under load", () => {
  let bed: UpstreamBed;
  beforeAll(async () => {
    bed = await startUpstreamBed(script, { args: ["--client-timeout", "3s"] });
  });
  afterEach(() => {
    gate.resolve();
    gate = Promise.withResolvers();
  });
  afterAll(() => bed.stop());

  test(`${streams} streams are open at once, and all come to their end`, async () => {
    const before = bed.upstream.calls.length;
    // Bun's own fetch holds no more than 256.
    const agent = new Agent({ maxSockets: Infinity });
    const answers = Array.from({ length: streams }, (_, number) =>
      exchange(`${bed.url}/chat/completions`, bodyOf(`s${number}`), agent),
    );
    await bed.upstream.called(before + streams);

    expect(bed.upstream.open).toBeGreaterThanOrEqual(streams);
    gate.resolve();

    const texts = (await Promise.all(answers)).map((text) => chatText(parseEvents<ChatChunk>(text).chunks));
    expect(texts).toEqual(Array.from({ length: streams }, (_, number) => `s${number} done`));
  }, 60_000);

  test("a client that does not read holds the upstream up, and is given up", async () => {
    const before = residentBytes(bed.gateway.pid);
    const count = bed.upstream.calls.length;
    const socket = await postUnread(bed.gateway.port, bodyOf("Flood"));

    const { aborted } = await bed.upstream.called(count + 1);
    await aborted;

    // What lies in the buffers of the system between the three.
    expect((sent * piece.length) / mebibyte).toBeLessThan(64);
    expect(residentBytes(bed.gateway.pid) - before).toBeLessThan(64 * mebibyte);
    socket.destroy();
  }, 30_000);

  test("an answer without an end is not collected beyond a limit", async () => {
    const answer = await post(`${bed.url}/chat/completions`, bodyOf("Flood", false));

    const error = expectError(answer, { status: 502, code: "upstream_error" });
    expect(error.message).toContain("longer than");
    await bed.upstream.calls.at(-1)?.aborted;
    expect((sent * piece.length) / mebibyte).toBeLessThan(128);
  }, 30_000);

  for (const [what, text, stream] of [
    ["before an answer", "Hang", false],
    ["before a stream", "Hang", true],
    ["in a whole answer", "Begin", false],
    ["in a stream", "Begin", true],
  ] as const) {
    test(`a client that leaves ${what} ends the upstream's call`, async () => {
      const controller = new AbortController();
      const count = bed.upstream.calls.length;
      const answer = fetch(`${bed.url}/chat/completions`, {
        method: "POST",
        body: JSON.stringify(bodyOf(text, stream)),
        signal: controller.signal,
      });
      const failed = answer.then(
        () => false,
        () => true,
      );
      const { aborted } = await bed.upstream.called(count + 1);
      if (stream && text === "Begin") {
        for await (const frame of readFrames(await answer)) if (frame.includes("Hi")) break;
      }

      controller.abort();

      await aborted;
      expect(await failed).toBe(!(stream && text === "Begin"));
    });
  }

  for (const { name, connect: connectClient } of nodeGenerations) {
    test(`${name}: leaving its loop ends the upstream's call`, async () => {
      const count = bed.upstream.calls.length;
      const stream = await connectClient(bed.url).chat.completions.create({
        model: "gpt-4o-mini",
        messages: [{ role: "user", content: "Begin" }],
        stream: true,
      });

      for await (const chunk of stream) if (chunk.choices[0]?.delta.content === "Hi") break;

      const { aborted } = await bed.upstream.called(count + 1);
      await aborted;
      expect(bed.upstream.calls.at(-1)?.isAborted).toBe(true);
    });
  }
});

/** The whole answer as text. */
function exchange(url: string, body: object, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: "POST", agent }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    sending.on("error", reject);
    sending.end(JSON.stringify(body));
  });
}

/** Posts, and reads nothing of the answer. */
function postUnread(port: number, body: object): Promise<Socket> {
  const text = JSON.stringify(body);
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
      );
      resolve(socket);
    });
    socket.on("error", () => {});
    socket.pause();
  });
}
