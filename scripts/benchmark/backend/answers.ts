import { answerText, maxTokens, type Task, tokenText, voices } from "../task.ts";
import {
  encodeFrame,
  encodeHeaders,
  frameFlag,
  frameHeaderBytes,
  frameType,
  maxFrameBytes,
} from "./frames.ts";

/** One streamed answer, ready to send: one DATA frame of one gRPC message for each token. */
export interface StreamFrames {
  tokens: readonly Buffer[];
  /** The message that says `stop`. */
  last: Buffer;
}

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

const streams: StreamFrames[] = Array.from({ length: voices }, (_, voice) => encodeStream(voice));

export function streamFrames(voice: number): StreamFrames {
  const frames = streams[voice];
  if (frames === undefined) throw new Error(`There is no voice ${voice}.`);
  return frames;
}

const wholes = new Map<number, Buffer>();

/** The whole answer of the unary rpc as one frame. */
export function wholeFrame(task: Task): Buffer {
  const key = task.voice * (maxTokens + 1) + task.tokens;
  let frame = wholes.get(key);
  if (frame === undefined) {
    frame = messageFrame(
      inferResponse("generate", [textOutput("text", answerText(task)), textOutput("model", "bench")]),
    );
    wholes.set(key, frame);
  }
  return frame;
}

/** The gRPC message in a frame of an answer. */
export function messageOf(frame: Buffer): Buffer {
  return frame.subarray(frameHeaderBytes + messagePrefixBytes);
}

/** The answer to an empty request, which only ServerReady has: `ready: true`. */
export const readyFrame = messageFrame(Buffer.from([0x08, 1]));

function encodeStream(voice: number): StreamFrames {
  const tokens = Array.from({ length: maxTokens }, (_, index) =>
    streamFrame(tokenText(voice, index), "null"),
  );
  return { tokens, last: streamFrame("", "stop") };
}

function streamFrame(token: string, finish: string): Buffer {
  const response = inferResponse("generate_stream", [
    textOutput("token", token),
    textOutput("finish_reason", finish),
  ]);
  return messageFrame(field(2, response));
}

function messageFrame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(messagePrefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  const payload = Buffer.concat([prefix, message]);
  if (payload.length > maxFrameBytes) throw new Error("An answer does not fit into one frame.");
  return encodeFrame(frameType.data, 0, payload);
}

/** Field numbers as in `proto/anyserve.proto`. */
function inferResponse(model: string, outputs: readonly Buffer[]): Buffer {
  return Buffer.concat([
    field(1, Buffer.from(model)),
    field(2, Buffer.from("llamacpp")),
    ...outputs.map((tensor) => field(5, tensor)),
  ]);
}

function textOutput(name: string, text: string): Buffer {
  return output(name, "BYTES", field(8, Buffer.from(text)));
}

function output(name: string, datatype: string, contents: Buffer): Buffer {
  return Buffer.concat([
    field(1, Buffer.from(name)),
    field(2, Buffer.from(datatype)),
    field(3, Buffer.from([1])),
    field(5, contents),
  ]);
}

/** A delimited field of protobuf. */
function field(number: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(value.length), value]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Large enough to refuse nothing. */
const contextTokens = 32_768;

export const modelInfoFrame = messageFrame(
  inferResponse("model_info", [
    textOutput("model_name", "bench"),
    output("n_ctx", "INT32", field(2, varint(contextTokens))),
  ]),
);
