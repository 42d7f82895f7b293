import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type Backend, startBackend } from "../../scripts/benchmark/backend/server.ts";
import { answerText, encodeTask } from "../../scripts/benchmark/task.ts";
import { decodeMessage, encodeMessage, type Fields } from "../support/kserve-messages.ts";

const service = "/inference.GRPCInferenceService";

describe("the benchmark's backend", () => {
  let backend: Backend;
  let dispatcher: Backend;
  beforeAll(() => {
    backend = startBackend({ hasStreamRpc: true });
    dispatcher = startBackend({ hasStreamRpc: false });
  });
  afterAll(() => {
    backend.stop();
    dispatcher.stop();
  });

  test("is ready", async () => {
    const answer = await unary(backend, "ServerReady", encodeMessage("ServerReadyRequest", {}));

    expect(decodeMessage("ServerReadyResponse", answer)).toEqual({ ready: true });
  });

  test("says what its model is", async () => {
    const answer = await unary(backend, "ModelInfer", inferRequest("model_info", ""));

    const { outputs } = decodeMessage("ModelInferResponse", answer);
    expect(outputs).toMatchObject([
      { name: "model_name", datatype: "BYTES", shape: [1] },
      { name: "n_ctx", datatype: "INT32", shape: [1], contents: { intContents: [32_768] } },
    ]);
  });

  test("answers whole on the unary rpc", async () => {
    const task = { tokens: 1_000, voice: 3, paceMs: 0 };

    const answer = await unary(backend, "ModelInfer", inferRequest("generate", encodeTask(task)));

    expect(textOf(decodeMessage("ModelInferResponse", answer), "text")).toBe(answerText(task));
  });

  for (const [name, window, tokens, paceMs] of [
    ["at full speed", 4_194_304, 1_024, 0],
    ["through the smallest window", 65_535, 1_024, 0],
    ["at a pace", 65_535, 5, 3],
    ["of one token at a pace", 65_535, 1, 3],
  ] as const) {
    test(`streams one message a token, ${name}`, async () => {
      const tasks = Array.from({ length: 20 }, (_, voice) => ({ tokens, voice: voice % 16, paceMs }));
      const client = createClient(backend, window);

      const answers = await Promise.all(tasks.map((task) => stream(client, encodeTask(task))));
      client.close();

      for (const [index, task] of tasks.entries()) {
        const messages = answers[index] ?? [];
        expect(messages).toHaveLength(task.tokens + 1);
        expect(messages.map((message) => textOf(message, "token")).join("")).toBe(answerText(task));
        expect(messages.map((message) => textOf(message, "finish_reason"))).toEqual([
          ...Array.from({ length: task.tokens }, () => "null"),
          "stop",
        ]);
      }
    });
  }

  test("does not have the stream rpc as a dispatcher", async () => {
    const client = createClient(dispatcher, 65_535);

    const failure = stream(client, "").catch((error: ServiceError) => error.code);

    expect(await failure).toBe(status.UNIMPLEMENTED);
    client.close();
  });

  test("stops a stream that is cancelled and serves the others", async () => {
    const client = createClient(backend, 65_535);
    const cancelled = serverStream(client, encodeTask({ tokens: 1_024, voice: 1, paceMs: 1 }));
    await new Promise((resolve) => cancelled.once("data", resolve));
    cancelled.on("error", () => {});
    cancelled.cancel();

    const messages = await stream(client, encodeTask({ tokens: 10, voice: 2, paceMs: 0 }));

    expect(messages).toHaveLength(11);
    client.close();
  });
});

function createClient({ port }: Backend, window: number): Client {
  return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc-node.flow_control_window": window,
    "grpc.use_local_subchannel_pool": 1,
  });
}

function inferRequest(modelName: string, prompt: string): Uint8Array {
  const contents = { bytesContents: [new TextEncoder().encode(prompt)] };
  const inputs = [{ name: "prompt", datatype: "BYTES", shape: [1], contents }];
  return encodeMessage("ModelInferRequest", { modelName, modelVersion: "llamacpp", inputs });
}

function unary(backend: Backend, method: string, message: Uint8Array): Promise<Uint8Array> {
  const client = createClient(backend, 65_535);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `${service}/${method}`,
      toBuffer,
      (bytes: Buffer) => bytes,
      message,
      new Metadata(),
      (error, answer) => {
        client.close();
        if (answer === undefined) reject(error ?? new Error("no message"));
        else resolve(answer);
      },
    );
  });
}

function serverStream(client: Client, prompt: string) {
  const message = inferRequest("generate_stream", prompt);
  return client.makeServerStreamRequest(
    `${service}/ModelStreamInfer`,
    toBuffer,
    (bytes: Buffer) => decodeMessage("ModelStreamInferResponse", bytes),
    message,
    new Metadata(),
  );
}

async function stream(client: Client, prompt: string): Promise<Fields[]> {
  const messages: Fields[] = [];
  for await (const message of serverStream(client, prompt)) messages.push(message.inferResponse);
  return messages;
}

const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes);

function textOf({ outputs }: Fields, name: string): string {
  const tensor = Array.isArray(outputs) ? outputs.find((output) => output.name === name) : undefined;
  return new TextDecoder().decode(tensor?.contents.bytesContents[0]);
}
