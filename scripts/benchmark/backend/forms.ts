import { encodeInferResponse, type InferResponse, type Output } from "./infer-response.ts";
import { field } from "./protobuf.ts";

/** Kinds of servers as which the backend can answer; a dialect's name, where it has two forms with what they differ in. */
export type FormName =
  | "anyserve"
  | "vllm"
  | "vllm typed"
  | "trtllm"
  | "llmapi"
  | "dynamo"
  | "mlserver"
  | "ovms"
  | "generic"
  | "generic typed";

/** One message of a streamed answer. */
export interface Part {
  /** Empty in the last message. */
  text: string;
  /** The whole text so far. */
  soFar: string;
  /** Tokens so far. */
  tokens: number;
  isLast: boolean;
}

/** Encodes a message of the stream rpc as the kind of server does. */
export type Form = (part: Part) => Buffer;

/** Triton and others repeat the id of the request; of its length, for answers are encoded ahead. */
const id = "req_0123456789abcdef0123456789abcdef";
const triton = { modelName: "bench", modelVersion: "1", id } as const;
const promptTokens = 40;

export const forms: Readonly<Record<FormName, Form>> = {
  anyserve: ({ text, isLast }) =>
    wrapped({
      modelName: "generate_stream",
      modelVersion: "llamacpp",
      id: "",
      contents: "typed",
      outputs: [textOutput("token", text), textOutput("finish_reason", isLast ? "stop" : "null")],
    }),
  vllm: (part) => wrapped({ ...vllm(part), contents: "raw" }),
  // No server answers so: what raw contents cost is told by comparing with it.
  "vllm typed": (part) => wrapped({ ...vllm(part), contents: "typed" }),
  trtllm: ({ text, tokens, isLast }) =>
    wrapped({
      ...triton,
      isFinal: isLast,
      contents: "raw",
      outputs: [
        { ...textOutput("text_output", text), shape: [1, 1] },
        { name: "cum_log_probs", datatype: "FP32", shape: [1, 1], value: -0.25 },
        { name: "sequence_index", datatype: "INT32", shape: [1, 1], value: 0 },
        { name: "num_input_tokens", datatype: "INT32", shape: [1, 1], value: promptTokens },
        { name: "num_output_tokens", datatype: "INT32", shape: [1, 1], value: tokens },
      ],
    }),
  // It repeats the whole text in each message.
  llmapi: ({ soFar, isLast }) =>
    wrapped({
      ...triton,
      isFinal: isLast,
      contents: "raw",
      outputs: [textOutput("text_output", soFar), textOutput("finish_reason", isLast ? "stop" : "")],
    }),
  dynamo: ({ text, isLast }) =>
    wrapped({
      ...triton,
      contents: "typed",
      outputs: [textOutput("text_output", text), textOutput("finish_reason", isLast ? "stop" : "")],
    }),
  // Its stream has the bare response as a message.
  mlserver: ({ text }) =>
    encodeInferResponse({
      ...triton,
      contents: "typed",
      outputs: [{ ...textOutput("output", text), contentType: "str" }],
    }),
  ovms: ({ text, isLast }) =>
    wrapped({
      ...triton,
      id: "",
      contents: "bare",
      outputs: [textOutput(isLast ? "end_signal" : "completion", isLast ? "end" : text)],
    }),
  generic: (part) => wrapped({ ...generic(part), contents: "raw" }),
  "generic typed": (part) => wrapped({ ...generic(part), contents: "typed" }),
};

function vllm({ text, isLast }: Part): Omit<InferResponse, "contents"> {
  return {
    ...triton,
    isFinal: isLast,
    outputs: [
      textOutput("text_output", text),
      textOutput("finish_reason", isLast ? "stop" : "None"),
      { name: "num_input_tokens", datatype: "UINT32", shape: [], value: promptTokens },
      { name: "num_output_tokens", datatype: "UINT32", shape: [1], value: isLast ? 0 : 1 },
    ],
  };
}

function generic({ text, isLast }: Part): Omit<InferResponse, "contents"> {
  return {
    ...triton,
    isFinal: isLast,
    outputs: [textOutput("text_output", text), textOutput("finish_reason", isLast ? "stop" : "")],
  };
}

/** A `ModelStreamInferResponse`. */
function wrapped(response: InferResponse): Buffer {
  return field(2, encodeInferResponse(response));
}

export function textOutput(name: string, value: string): Output {
  return { name, datatype: "BYTES", shape: [1], value };
}
