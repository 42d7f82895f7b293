import { field, textField, varint } from "./protobuf.ts";

/** How the contents of tensors travel: in fields of their type, as bytes, or as bytes without the length of a text. */
export type Contents = "typed" | "raw" | "bare";

/** An output tensor with one element. */
export interface Output {
  name: string;
  datatype: "BYTES" | "INT32" | "UINT32" | "FP32";
  /** Sizes of its dimensions, all 1; none for a tensor without dimensions. */
  shape: readonly 1[];
  value: string | number;
  /** Parameter `content_type`. */
  contentType?: string;
}

export interface InferResponse {
  modelName: string;
  modelVersion: string;
  id: string;
  /** Parameter `triton_final_response`, where a server sends it. */
  isFinal?: boolean;
  outputs: readonly Output[];
  contents: Contents;
}

/** A `ModelInferResponse`; field numbers as in `proto/kserve.proto`. */
export function encodeInferResponse(response: InferResponse): Buffer {
  const { outputs, contents, id, isFinal } = response;
  return Buffer.concat([
    textField(1, response.modelName),
    textField(2, response.modelVersion),
    ...(id === "" ? [] : [textField(3, id)]),
    ...(isFinal === undefined ? [] : [parameter(4, "triton_final_response", boolean(isFinal))]),
    ...outputs.map((output) => field(5, encodeOutput(output, contents))),
    ...(contents === "typed" ? [] : outputs.map((output) => field(6, rawElement(output, contents)))),
  ]);
}

function encodeOutput(output: Output, contents: Contents): Buffer {
  const { name, datatype, shape, contentType } = output;
  return Buffer.concat([
    textField(1, name),
    textField(2, datatype),
    ...(shape.length === 0 ? [] : [field(3, Buffer.from(shape))]),
    ...(contentType === undefined ? [] : [parameter(4, "content_type", textField(3, contentType))]),
    ...(contents === "typed" ? [field(5, typedElement(output))] : []),
  ]);
}

function parameter(number: number, key: string, value: Buffer): Buffer {
  return field(number, Buffer.concat([textField(1, key), field(2, value)]));
}

function boolean(value: boolean): Buffer {
  return Buffer.from([0x08, Number(value)]);
}

function typedElement({ datatype, value }: Output): Buffer {
  switch (datatype) {
    case "BYTES":
      return textField(8, String(value));
    case "INT32":
      return field(2, varint(Number(value)));
    case "UINT32":
      return field(4, varint(Number(value)));
    case "FP32":
      return field(6, float(Number(value)));
  }
}

function rawElement({ datatype, value }: Output, contents: Contents): Buffer {
  if (datatype === "FP32") return float(Number(value));
  if (datatype !== "BYTES") return uint32(Number(value));
  const text = Buffer.from(String(value));
  return contents === "bare" ? text : Buffer.concat([uint32(text.length), text]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
