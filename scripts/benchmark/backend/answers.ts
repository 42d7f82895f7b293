import { maxTokens, type Task, taskKey, tokensOf } from "../task.ts";
import { type FormName, forms, textOutput } from "./forms.ts";
import {
  encodeFrame,
  encodeHeaders,
  frameFlag,
  frameHeaderBytes,
  frameType,
  maxFrameBytes,
} from "./frames.ts";
import { encodeInferResponse } from "./infer-response.ts";

/** Whether a message is compressed (none is), and its length. */
const messagePrefixBytes = 5;

export const openingFrame = encodeHeaders({ ":status": "200", "content-type": "application/grpc" }, 0);

export const trailersFrame = encodeHeaders({ "grpc-status": "0" }, frameFlag.endStream);

export const unimplementedFrame = encodeHeaders(
  {
    ":status": "200",
    "content-type": "application/grpc",
    "grpc-status": "12",
    "grpc-message": "Method not found!",
  },
  frameFlag.endStream,
);

/** Frames are encoded when they are first asked for, and kept. */
const streams = new Map<FormName, Map<string, readonly Buffer[]>>();
const wholes = new Map<string, Buffer>();

/**
 * A streamed answer, ready to send: one DATA frame of one gRPC message for each token, and one for the message that
 * ends it.
 */
export function streamFrames(name: FormName, task: Task): readonly Buffer[] {
  const key = taskKey(task);
  const known = streams.get(name) ?? new Map<string, readonly Buffer[]>();
  streams.set(name, known);
  let frames = known.get(key);
  if (frames === undefined) known.set(key, (frames = encodeStream(name, task)));
  return frames;
}

/** The whole answer of AnyServe's unary rpc as one frame. */
export function wholeFrame(task: Task): Buffer {
  const key = taskKey(task);
  let frame = wholes.get(key);
  if (frame === undefined) {
    const text = tokensOf(task).join("");
    wholes.set(
      key,
      (frame = anyserveFrame("generate", [textOutput("text", text), textOutput("model", "bench")])),
    );
  }
  return frame;
}

/** The gRPC message in a frame of an answer. */
export function messageOf(frame: Buffer): Buffer {
  return frame.subarray(frameHeaderBytes + messagePrefixBytes);
}

/** The answer to an empty request, which only ServerReady and ServerMetadata have: `ready: true`, and no name. */
export const readyFrame = messageFrame(Buffer.from([0x08, 1]));

/** Large enough to refuse nothing. */
const contextTokens = 32_768;

export const modelInfoFrame = anyserveFrame("model_info", [
  textOutput("model_name", "bench"),
  { name: "n_ctx", datatype: "INT32", shape: [1], value: contextTokens },
]);

function encodeStream(name: FormName, task: Task): readonly Buffer[] {
  const encode = forms[name];
  let soFar = "";
  const frames = tokensOf(task).map((text, index) => {
    soFar += text;
    return messageFrame(encode({ text, soFar, tokens: index + 1, isLast: false }));
  });
  return [...frames, messageFrame(encode({ text: "", soFar, tokens: task.tokens, isLast: true }))];
}

function anyserveFrame(
  modelName: string,
  outputs: Parameters<typeof encodeInferResponse>[0]["outputs"],
): Buffer {
  return messageFrame(
    encodeInferResponse({ modelName, modelVersion: "llamacpp", id: "", outputs, contents: "typed" }),
  );
}

function messageFrame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(messagePrefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  const payload = Buffer.concat([prefix, message]);
  if (payload.length > maxFrameBytes) {
    throw new Error(`An answer of ${maxTokens} tokens or less does not fit into one frame.`);
  }
  return encodeFrame(frameType.data, 0, payload);
}
