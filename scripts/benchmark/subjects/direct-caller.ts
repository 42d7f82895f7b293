import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { encodeInferRequest } from "../../../src/drivers/kserve/codec/encode.ts";
import { createAnyserve } from "../../../src/drivers/kserve/dialects/anyserve.ts";
import type { TextRequest } from "../../../src/drivers/kserve/dialects/dialect.ts";
import { rpcPath } from "../../../src/drivers/kserve/service.ts";
import { messageOf, streamFrames, wholeFrame } from "../backend/answers.ts";
import { wrong } from "../load/check-answer.ts";
import type { Answered, Caller } from "../load/exchange.ts";
import { encodeTask, type Task } from "../task.ts";

/** Callers of the backend itself, on one channel and without decoding: an answer is right if its bytes are. */
export function openDirectCallers(port: number, count: number, rpc: "infer" | "stream"): Caller[] {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc-node.flow_control_window": 4_194_304,
    "grpc.use_local_subchannel_pool": 1,
  });
  let open = count;
  return Array.from({ length: count }, () => ({
    ask: rpc === "stream" ? (task) => askStream(client, task) : (task) => askWhole(client, task),
    close() {
      if (--open === 0) client.close();
    },
  }));
}

function askWhole(client: Client, task: Task): Promise<Answered> {
  const askedAt = performance.now();
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      rpcPath.infer,
      toBuffer,
      identity,
      encode(task, "infer"),
      new Metadata(),
      {},
      (error, answer) => {
        if (answer === undefined) reject(error ?? wrong(task, "no message"));
        else if (!answer.equals(messageOf(wholeFrame(task)))) reject(wrong(task, "other bytes"));
        else resolve({ firstTokenMs: performance.now() - askedAt });
      },
    );
  });
}

function askStream(client: Client, task: Task): Promise<Answered> {
  const askedAt = performance.now();
  const frames = streamFrames("anyserve", task);
  return new Promise((resolve, reject) => {
    let firstTokenMs = 0;
    let received = 0;
    const call = client.makeServerStreamRequest(
      rpcPath.streamInfer,
      toBuffer,
      identity,
      encode(task, "stream"),
      new Metadata(),
      {},
    );
    call.on("data", (message: Buffer) => {
      if (received === 0) firstTokenMs = performance.now() - askedAt;
      const frame = frames[received];
      if (frame === undefined || !message.equals(messageOf(frame))) reject(wrong(task, "other bytes"));
      received++;
    });
    call.on("error", reject);
    call.on("end", () => {
      if (received === task.tokens + 1) resolve({ firstTokenMs });
      else reject(wrong(task, `${received} messages`));
    });
  });
}

function encode(task: Task, rpc: "infer" | "stream"): Uint8Array {
  const request: TextRequest = {
    model: "bench",
    requestId: "",
    prompt: encodeTask(task),
    sampling: { temperature: 0.7 },
    extra: {},
    choices: 1,
    images: [],
    stream: rpc === "stream",
  };
  return encodeInferRequest(dialect.call(request, rpc));
}

const dialect = createAnyserve({ name: "bench" }, {});

const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const identity = (bytes: Buffer) => bytes;
