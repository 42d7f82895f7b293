import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type Backend, startBackend } from "../../scripts/benchmark/backend/server.ts";
import { dialectSubjects } from "../../scripts/benchmark/subjects/dialects.ts";
import { answerTo, encodeTask } from "../../scripts/benchmark/task.ts";
import { isRecord } from "../../src/core/json.ts";
import type { GenerationEvent } from "../../src/core/generation.ts";
import { decodeInferResponse, decodeStreamInferResponse } from "../../src/drivers/kserve/codec/decode.ts";
import { encodeInferRequest } from "../../src/drivers/kserve/codec/encode.ts";
import type { TextRequest } from "../../src/drivers/kserve/dialects/dialect.ts";
import { dialects } from "../../src/drivers/kserve/dialects/dialects.ts";
import { decodeMessage, encodeMessage, type Fields } from "../support/kserve-messages.ts";

const service = "/inference.GRPCInferenceService";

describe("the benchmark's backend", () => {
  let backend: Backend;
  let dispatcher: Backend;
  beforeAll(() => {
    backend = startBackend({ form: "anyserve", hasStreamRpc: true });
    dispatcher = startBackend({ form: "anyserve", hasStreamRpc: false });
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
    const task = { tokens: 1_000, voice: 3, paceMs: 0, kind: "text" } as const;

    const answer = await unary(backend, "ModelInfer", inferRequest("generate", encodeTask(task)));

    expect(textOf(decodeMessage("ModelInferResponse", answer), "text")).toBe(answerTo(task).text);
  });

  for (const [name, window, tokens, paceMs] of [
    ["at full speed", 4_194_304, 1_024, 0],
    ["through the smallest window", 65_535, 1_024, 0],
    ["at a pace", 65_535, 5, 3],
    ["of one token at a pace", 65_535, 1, 3],
  ] as const) {
    test(`streams one message a token, ${name}`, async () => {
      const tasks = Array.from({ length: 20 }, (_, voice) => ({
        tokens,
        voice: voice % 16,
        paceMs,
        kind: "text" as const,
      }));
      const client = createClient(backend, window);

      const answers = await Promise.all(tasks.map((task) => stream(client, encodeTask(task))));
      client.close();

      for (const [index, task] of tasks.entries()) {
        const messages = answers[index] ?? [];
        expect(messages).toHaveLength(task.tokens + 1);
        expect(messages.map((message) => textOf(message, "token")).join("")).toBe(answerTo(task).text);
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
    const cancelled = serverStream(
      client,
      inferRequest("generate_stream", encodeTask({ tokens: 1_024, voice: 1, paceMs: 1, kind: "text" })),
    );
    await new Promise((resolve) => cancelled.once("data", resolve));
    cancelled.on("error", () => {});
    cancelled.cancel();

    const messages = await stream(client, encodeTask({ tokens: 10, voice: 2, paceMs: 0, kind: "text" }));

    expect(messages).toHaveLength(11);
    client.close();
  });
});

describe("the benchmark's backend in other forms", () => {
  for (const { name, form, settings } of dialectSubjects) {
    test(`streams as the dialect expects it: ${name}`, async () => {
      const task = { tokens: 50, voice: 5, paceMs: 0, kind: "text" } as const;
      const backend = startBackend({ form, hasStreamRpc: true });
      const client = createClient(backend, 65_535);
      const { dialect, tensors } = settings;
      const model = dialects[dialect]({ name: "bench" }, tensors === undefined ? {} : { tensors });
      const request = requestFor(encodeTask(task));

      const messages = await streamBytes(client, encodeInferRequest(model.call(request, "stream")));
      const events: GenerationEvent[] = [];
      const answer = model.reader(request, "stream", () => {});
      for (const message of messages)
        answer.read(decodeStreamInferResponse(message).response ?? noResponse, events);
      answer.end(events);

      const texts = events.filter((event) => event.type === "text-delta");
      expect(messages).toHaveLength(task.tokens + 1);
      expect(texts.map(({ text }) => text).join("")).toBe(answerTo(task).text);
      expect(events.filter(({ type }) => type === "finish")).toEqual([
        { type: "finish", choice: 0, reason: "stop" },
      ]);
      client.close();
      backend.stop();
    });
  }

  test("does not know a question about a model", async () => {
    const backend = startBackend({ form: "vllm", hasStreamRpc: true });

    const failure = unary(
      backend,
      "ModelMetadata",
      encodeMessage("ModelMetadataRequest", { name: "bench" }),
    ).catch((error: ServiceError) => error.code);

    expect(await failure).toBe(status.UNIMPLEMENTED);
    backend.stop();
  });
});

function requestFor(prompt: string): TextRequest {
  return {
    model: "bench",
    requestId: "",
    prompt,
    sampling: {},
    extra: {},
    choices: 1,
    images: [],
    stream: true,
  };
}

const noResponse = decodeInferResponse(new Uint8Array());

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

function serverStream(client: Client, message: Uint8Array) {
  const path = `${service}/ModelStreamInfer`;
  return client.makeServerStreamRequest(path, toBuffer, identity, message, new Metadata());
}

async function streamBytes(client: Client, message: Uint8Array): Promise<Buffer[]> {
  return await Array.fromAsync<Buffer>(serverStream(client, message));
}

async function stream(client: Client, prompt: string): Promise<Fields[]> {
  const all = await streamBytes(client, inferRequest("generate_stream", prompt));
  return all.map((bytes) => {
    const { inferResponse } = decodeMessage("ModelStreamInferResponse", bytes);
    return isRecord(inferResponse) ? inferResponse : {};
  });
}

const identity = (bytes: Buffer) => bytes;
const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes);

function textOf({ outputs }: Fields, name: string): string {
  const tensor = Array.isArray(outputs) ? outputs.find((output) => output.name === name) : undefined;
  return new TextDecoder().decode(tensor?.contents.bytesContents[0]);
}
