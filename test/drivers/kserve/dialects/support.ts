import type { GenerationEvent } from "../../../../src/core/generation.ts";
import { decodeInferResponse } from "../../../../src/drivers/kserve/codec/decode.ts";
import type {
  InferResponse,
  InputTensor,
  TensorMetadata,
} from "../../../../src/drivers/kserve/codec/messages.ts";
import type {
  Dialect,
  ModelProfile,
  Rpc,
  TextRequest,
} from "../../../../src/drivers/kserve/dialects/dialect.ts";
import { inferMessage } from "../../../support/kserve-messages.ts";

/** A request for text of somebody who gave nothing else. */
export function textRequest(more: Partial<TextRequest> = {}): TextRequest {
  return {
    model: "tiny",
    requestId: "req_1",
    prompt: "Say it, Sam.",
    sampling: {},
    extra: {},
    choices: 1,
    images: [],
    stream: true,
    ...more,
  };
}

export type Tensors = readonly (readonly [name: string, datatype: string, shape?: readonly number[]])[];

export interface ModelSketch {
  platform?: string;
  inputs?: Tensors;
  outputs?: Tensors;
  /** Absent: the server gives no configuration. */
  config?: {
    platform?: string;
    maxBatchSize?: number;
    decoupled?: boolean;
    required?: readonly string[];
    parameters?: Readonly<Record<string, string>>;
  };
}

/** What a server says of a model. Shapes are [1] where none is given. */
export function profileOf({ platform = "", inputs = [], outputs = [], config }: ModelSketch): ModelProfile {
  const { required = [], parameters = {}, ...given } = config ?? {};
  const optional = inputs.map(([name]) => name).filter((name) => !required.includes(name));
  return {
    name: "tiny",
    metadata: {
      name: "tiny",
      versions: ["1"],
      platform,
      inputs: inputs.map(toMetadata),
      outputs: outputs.map(toMetadata),
    },
    ...(config === undefined
      ? {}
      : {
          config: {
            platform: "",
            backend: "python",
            maxBatchSize: 0,
            decoupled: true,
            ...given,
            optionalInputs: new Set(optional),
            parameters: new Map(Object.entries(parameters)),
          },
        }),
  };
}

function toMetadata([name, datatype, shape = [1]]: Tensors[number]): TensorMetadata {
  return { name, datatype, shape };
}

/** The tensors of a call by name, in short: datatype, shape and values, with BYTES as text. */
export function inputsOf(inputs: readonly InputTensor[]): Record<string, readonly unknown[]> {
  const decoder = new TextDecoder();
  return Object.fromEntries(
    inputs.map(({ name, datatype, shape, contents }) => {
      const values: readonly unknown[] = Object.values(contents).flat();
      const shown = values.map((value) => (value instanceof Uint8Array ? decoder.decode(value) : value));
      return [name, [datatype, shape, ...shown]];
    }),
  );
}

export interface Output {
  name: string;
  datatype: string;
  shape: readonly number[];
  values: readonly (string | Uint8Array | number)[];
  parameters?: Readonly<Record<string, string>>;
}

export function bytes(name: string, ...values: readonly (string | Uint8Array)[]): Output {
  return { name, datatype: "BYTES", shape: [values.length], values };
}

export function numbers(name: string, datatype: string, ...values: readonly number[]): Output {
  return { name, datatype, shape: [values.length], values };
}

export const forms = ["typed", "raw"] as const;
export type Form = (typeof forms)[number];

/** A message with these outputs, as a server writes it and the driver reads it. */
export function message(outputs: readonly Output[], form: Form = "typed", isFinal?: boolean): InferResponse {
  return decodeInferResponse(messageBytes(outputs, form, isFinal));
}

export function messageBytes(
  outputs: readonly Output[],
  form: Form = "typed",
  isFinal?: boolean,
): Uint8Array {
  const fields = outputs.map((output) => ({
    name: output.name,
    datatype: output.datatype,
    shape: output.shape,
    parameters: Object.fromEntries(
      Object.entries(output.parameters ?? {}).map(([key, stringParam]) => [key, { stringParam }]),
    ),
    ...(form === "typed" ? { contents: contentsOf(output) } : {}),
  }));
  return inferMessage(fields, {
    ...(form === "raw" ? { rawOutputContents: outputs.map(rawOf) } : {}),
    ...(isFinal === undefined ? {} : { parameters: { triton_final_response: { boolParam: isFinal } } }),
  });
}

const encoder = new TextEncoder();
const toBytes = (value: string | Uint8Array | number) =>
  value instanceof Uint8Array ? value : encoder.encode(String(value));

const fieldNames: Readonly<Record<string, string>> = {
  INT32: "intContents",
  INT64: "int64Contents",
  UINT8: "uintContents",
  UINT32: "uintContents",
  FP32: "fp32Contents",
};

function contentsOf({ datatype, values }: Output): Record<string, unknown> {
  if (datatype === "BYTES") return { bytesContents: values.map(toBytes) };
  return { [fieldNames[datatype] ?? datatype]: values };
}

function rawOf({ datatype, values }: Output): Uint8Array {
  if (datatype === "BYTES") return Buffer.concat(values.flatMap((value) => withLength(toBytes(value))));
  if (datatype === "UINT8") return Uint8Array.from(values.map(Number));
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [index, value] of values.entries()) {
    if (datatype === "FP32") view.setFloat32(index * 4, Number(value), true);
    else view.setInt32(index * 4, Number(value), true);
  }
  return new Uint8Array(view.buffer);
}

function withLength(content: Uint8Array): Uint8Array[] {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, content.length, true);
  return [length, content];
}

export interface Reading {
  events: GenerationEvent[];
  warnings: string[];
  /** Whether the reader had all it wanted before the call ended. */
  finishedEarly: boolean;
}

/** Reads the messages of a call, then its clean end. */
export function readAll(
  dialect: Dialect,
  messages: readonly InferResponse[],
  request: TextRequest = textRequest(),
  rpc: Rpc = "stream",
): Reading {
  const warnings: string[] = [];
  const events: GenerationEvent[] = [];
  const reader = dialect.reader(request, rpc, (text) => warnings.push(text));
  for (const response of messages) reader.read(response, events);
  const finishedEarly = reader.finished;
  reader.end(events);
  return { events, warnings, finishedEarly };
}

/** The text of a choice. */
export function textOf(events: readonly GenerationEvent[], choice = 0): string {
  return events
    .map((event) => (event.type === "text-delta" && event.choice === choice ? event.text : ""))
    .join("");
}
