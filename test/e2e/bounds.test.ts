import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { startBedWith, type Bed } from "../conformance/bed.ts";
import { expectError } from "../support/expectations.ts";
import { runBinary } from "../support/harness.ts";
import type { ChatBody, ChatChunk } from "../support/openai-wire.ts";
import { user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, postStream } from "../support/wire.ts";

describeBlackBox("What one request may take", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith(
      { echo: {}, gated: {}, endless: { delay: 0 } },
      {
        args: ["--client-timeout", "1s"],
        config: { listen: { max_body: "1MiB" }, limits: { max_concurrency: 3, max_json_values: 2_000 } },
      },
    );
  });
  afterAll(() => bed.stop());

  test("a large prompt is not answered as often as would fill the memory", async () => {
    const body = { model: "echo", prompt: "x".repeat(900_000), echo: true, max_tokens: 0, n: 100 };

    expectError(await post(`${bed.url}/completions`, body), {
      status: 400,
      code: "invalid_value",
      param: "n",
    });
  });

  test("token ids count for the text that they stand for", async () => {
    // One of the longest tokens of cl100k: 128 spaces in one.
    const prompt = Array<number>(1_000).fill(58_040);
    const body = { model: "echo", prompt, echo: true, max_tokens: 0, n: 100 };

    expectError(await post(`${bed.url}/completions`, body), {
      status: 400,
      code: "invalid_value",
      param: "n",
    });
  });

  test("a body of very many values is refused before it is parsed", async () => {
    const logitBias = Object.fromEntries(Array.from({ length: 600 }, (_, id) => [id, 1]));

    const answer = await post(`${bed.url}/chat/completions`, {
      model: "echo",
      logit_bias: logitBias,
      ...user("x"),
    });

    expect(expectError(answer, { status: 400 }).message).toContain("too many values");
  });

  test("more answers than may be made at once are made one after the other", async () => {
    await bed.anyserve.reset();
    const answered = post<ChatBody>(`${bed.url}/chat/completions`, { model: "gated", n: 5, ...user("a b") });
    await bed.anyserve.waitFor({ backend: "gated", outcome: "running" }, { count: 3 });
    expect(await bed.anyserve.generations("gated")).toHaveLength(3);

    await bed.anyserve.release("gated", 15);

    expect((await answered).json.choices).toHaveLength(5);
  });

  test("a client that stops reading is given up, and its call cancelled", async () => {
    await bed.anyserve.reset();
    const body = JSON.stringify({ model: "endless", stream: true, ...user("x") });
    const socket = connect(bed.gateway.port, "127.0.0.1", () => {
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    });
    socket.on("error", () => {});
    socket.pause();

    await bed.anyserve.waitFor({ backend: "endless", outcome: "cancelled" }, { seconds: 50 });

    expect(bed.gateway.log()).toContain("The client stopped reading");
    socket.destroy();
  });
});

describeBlackBox("A conversation of the client's", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith({ echo: {} });
  });
  afterAll(() => bed.stop());

  test("comes back with the answer, whole and streamed, and is not among the ignored", async () => {
    const body = { model: "echo", conversation_id: "c1", ...user("hi there") };

    const whole = await post<ChatBody & { conversation_id?: string }>(`${bed.url}/chat/completions`, body);
    const { chunks } = await postStream<ChatChunk & { conversation_id?: string }>(
      `${bed.url}/chat/completions`,
      body,
    );

    expect(whole.json.conversation_id).toBe("c1");
    expect(whole.headers.get("x-oai-serve-ignored-params")).toBeNull();
    expect([chunks.at(0), chunks.at(-1)].map((chunk) => chunk?.conversation_id)).toEqual(["c1", "c1"]);
  });

  test("check says that a configured stream endpoint is not there, and which default is not served", async () => {
    const endpoint = bed.anyserve.endpoint("echo");

    const stream = await runBinary([
      "check",
      "--anyserve-endpoint",
      endpoint,
      "--anyserve-stream-endpoint",
      "127.0.0.1:1",
    ]);
    const unknown = await runBinary(["check", "--anyserve-endpoint", endpoint, "--default-model", "nope"]);

    expect([stream.code, unknown.code]).toEqual([1, 1]);
    expect(stream.stdout).toContain("stream endpoint");
    expect(unknown.stdout).toContain("nope");
  });
});
