import type { InferRequest, InputTensor, ParameterValue, TensorContents } from "./messages.ts";
import { encodeRawContents } from "./raw-contents.ts";
import { WireWriter } from "./wire-writer.ts";

/** A `ModelInferRequest` in protobuf's wire format. Throws `TypeError` where raw contents are not possible. */
export function encodeInferRequest(request: InferRequest): Uint8Array {
  const writer = new WireWriter();
  if (request.modelName !== "") writer.text(10, request.modelName);
  if (request.modelVersion !== "") writer.text(18, request.modelVersion);
  if (request.id !== undefined && request.id !== "") writer.text(26, request.id);
  for (const [key, value] of request.parameters ?? []) writer.message(34, encodeParameter(key, value));
  const isRaw = request.rawContents === true;
  for (const input of request.inputs) writer.message(42, encodeInput(input, isRaw));
  // A tensor is either raw or typed, and if one is raw, all are.
  if (isRaw) for (const input of request.inputs) writer.message(58, encodeRawContents(input));
  return writer.finish();
}

function encodeInput(tensor: InputTensor, isRaw: boolean): WireWriter {
  const writer = new WireWriter();
  writer.text(10, tensor.name);
  writer.text(18, tensor.datatype);
  if (tensor.shape.length > 0) writer.message(26, packed(tensor.shape, signed));
  if (!isRaw) writer.message(42, encodeContents(tensor.contents));
  return writer;
}

function encodeContents(contents: Partial<TensorContents>): WireWriter {
  const { bools, ints, int64s, uints, uint64s, fp32s, fp64s, bytes } = contents;
  const writer = new WireWriter();
  if (bools !== undefined) writer.message(10, packed(bools.map(Number), unsigned));
  if (ints !== undefined) writer.message(18, packed(ints, signed));
  if (int64s !== undefined) writer.message(26, packed(int64s, signed));
  if (uints !== undefined) writer.message(34, packed(uints, unsigned));
  if (uint64s !== undefined) writer.message(42, packed(uint64s, unsigned));
  if (fp32s !== undefined) writer.message(50, packed(fp32s, float));
  if (fp64s !== undefined) writer.message(58, packed(fp64s, double));
  for (const element of bytes ?? []) writer.field(66, element);
  return writer;
}

function encodeParameter(key: string, value: ParameterValue): WireWriter {
  const choice = new WireWriter(32);
  if (typeof value === "string") {
    choice.text(26, value);
  } else if (typeof value === "boolean") {
    choice.varint(8);
    choice.varint(Number(value));
  } else if (value !== undefined && Number.isSafeInteger(value)) {
    choice.varint(16);
    choice.signedVarint(value);
  } else if (value !== undefined) {
    choice.varint(33);
    choice.double(value);
  }
  const entry = new WireWriter(64);
  entry.text(10, key);
  entry.message(18, choice);
  return entry;
}

const unsigned = (writer: WireWriter, value: number) => writer.varint(value);
const signed = (writer: WireWriter, value: number) => writer.signedVarint(value);
const float = (writer: WireWriter, value: number) => writer.float(value);
const double = (writer: WireWriter, value: number) => writer.double(value);

function packed(values: readonly number[], write: (writer: WireWriter, value: number) => void): WireWriter {
  const writer = new WireWriter(16);
  for (const value of values) write(writer, value);
  return writer;
}
