import type { InferResponse, OutputTensor, TensorContents } from "./messages.ts";
import { decodeName } from "./names.ts";

/** An output tensor that contradicts itself or the protocol. Names the tensor, never its content. */
export class MalformedTensor extends Error {
  override readonly name = "MalformedTensor";

  constructor(tensor: string, fault: string, options?: ErrorOptions) {
    super(`Output tensor "${tensor}" ${fault}.`, options);
  }
}

/**
 * The one element of the BYTES output `name`, or undefined when there is no such output. Typed and raw contents
 * are taken; raw with or without the four-byte length before it, which some servers leave out.
 * The result is a view of the message. Throws `MalformedTensor`.
 */
export function readBytesOutput(response: InferResponse, name: string): Uint8Array | undefined {
  const index = indexOfOutput(response, name);
  const tensor = response.outputs[index];
  if (tensor === undefined) return undefined;
  expectOne(tensor);
  if (tensor.datatype !== "BYTES") throw notBytes(name);
  const raw = rawContentsOf(response, tensor, index);
  return raw === undefined ? one(tensor, tensor.contents?.bytes, "bytes") : unprefixed(name, raw);
}

/** As `readBytesOutput`, of an output with any number of elements up to `most`, whatever its dimensions. */
export function readBytesOutputs(
  response: InferResponse,
  name: string,
  most: number,
): readonly Uint8Array[] | undefined {
  const index = indexOfOutput(response, name);
  const tensor = response.outputs[index];
  if (tensor === undefined) return undefined;
  const count = countOf(tensor, most);
  if (tensor.datatype !== "BYTES") throw notBytes(name);
  const raw = rawContentsOf(response, tensor, index);
  if (raw === undefined) return all(tensor, tensor.contents?.bytes, "bytes", count);
  return count === 1 ? [unprefixed(name, raw)] : prefixed(name, raw, count);
}

/**
 * The bytes of an output that is one text, however it is declared: some servers send a text as BYTES without a
 * length, or as UINT8. Undefined when there is no such output. Throws `MalformedTensor`.
 */
export function readLooseBytesOutput(response: InferResponse, name: string): Uint8Array | undefined {
  const index = indexOfOutput(response, name);
  const tensor = response.outputs[index];
  if (tensor === undefined) return undefined;
  const raw = rawContentsOf(response, tensor, index);
  if (tensor.datatype === "UINT8" || tensor.datatype === "INT8") {
    return raw ?? Uint8Array.from(tensor.contents?.[tensor.datatype === "INT8" ? "ints" : "uints"] ?? []);
  }
  if (tensor.datatype !== "BYTES") throw notBytes(name);
  return raw === undefined ? one(tensor, tensor.contents?.bytes, "bytes") : unprefixed(name, raw);
}

/** As `readBytesOutput`, of an output that must be UTF-8. */
export function readTextOutput(response: InferResponse, name: string): string | undefined {
  const bytes = readBytesOutput(response, name);
  return bytes === undefined ? undefined : toText(name, bytes);
}

/** As `readBytesOutputs`, of elements that must be UTF-8. */
export function readTextOutputs(
  response: InferResponse,
  name: string,
  most: number,
): readonly string[] | undefined {
  return readBytesOutputs(response, name, most)?.map((bytes) => toText(name, bytes));
}

/** The one element of the integer output `name`, or undefined when there is no such output. Throws `MalformedTensor`. */
export function readIntegerOutput(response: InferResponse, name: string): number | undefined {
  const values = readIntegerOutputs(response, name, 1);
  if (values !== undefined && values.length !== 1) throw notOne(name);
  return values?.[0];
}

/**
 * The elements, at most `most`, of the integer output `name`, whatever its dimensions; undefined when there is no such
 * output. Beyond 2^53 they are rounded. Throws `MalformedTensor`.
 */
export function readIntegerOutputs(
  response: InferResponse,
  name: string,
  most: number,
): readonly number[] | undefined {
  const index = indexOfOutput(response, name);
  const tensor = response.outputs[index];
  if (tensor === undefined) return undefined;
  const count = countOf(tensor, most);
  const type = integers[tensor.datatype];
  if (type === undefined) throw new MalformedTensor(name, "is not of an integer datatype");
  const raw = rawContentsOf(response, tensor, index);
  if (raw === undefined) return all(tensor, tensor.contents?.[type.field], type.field, count);
  expectSize(name, raw, count * type.size);
  return readNumbers(raw, type, []);
}

/**
 * The elements of the floating-point output `name`, flattened; undefined when there is no such output. FP64 is rounded.
 * Throws `MalformedTensor`.
 */
export function readFloatOutput(response: InferResponse, name: string): Float32Array | undefined {
  const index = indexOfOutput(response, name);
  const tensor = response.outputs[index];
  if (tensor === undefined) return undefined;
  const count = countOf(tensor, Number.MAX_SAFE_INTEGER);
  const type = floats[tensor.datatype];
  if (type === undefined) throw new MalformedTensor(name, "is not of a floating-point datatype");
  const raw = rawContentsOf(response, tensor, index);
  if (raw !== undefined) {
    expectSize(name, raw, count * type.size);
    return readNumbers(raw, type, new Float32Array(count));
  }
  if (type.field === undefined) throw new MalformedTensor(name, "has data that does not fit its shape");
  return Float32Array.from(all(tensor, tensor.contents?.[type.field], type.field, count));
}

interface NumberType<Field> {
  /** Undefined for datatypes that exist only raw. */
  field: Field;
  size: number;
  /** The little-endian number at `offset`. */
  read(raw: Uint8Array, offset: number): number;
}

const integers: Readonly<Record<string, NumberType<"ints" | "int64s" | "uints" | "uint64s">>> = {
  INT8: { field: "ints", size: 1, read: (raw, offset) => (uint8(raw, offset) << 24) >> 24 },
  INT16: { field: "ints", size: 2, read: (raw, offset) => (uint16(raw, offset) << 16) >> 16 },
  INT32: { field: "ints", size: 4, read: (raw, offset) => uint32(raw, offset) | 0 },
  INT64: {
    field: "int64s",
    size: 8,
    read: (raw, offset) => (uint32(raw, offset + 4) | 0) * 2 ** 32 + uint32(raw, offset),
  },
  UINT8: { field: "uints", size: 1, read: uint8 },
  UINT16: { field: "uints", size: 2, read: uint16 },
  UINT32: { field: "uints", size: 4, read: uint32 },
  UINT64: {
    field: "uint64s",
    size: 8,
    read: (raw, offset) => uint32(raw, offset + 4) * 2 ** 32 + uint32(raw, offset),
  },
};

const floats: Readonly<Record<string, NumberType<"fp32s" | "fp64s" | undefined>>> = {
  FP16: { field: undefined, size: 2, read: (raw, offset) => view(raw, offset, 2).getFloat16(0, true) },
  // The upper half of an FP32.
  BF16: { field: undefined, size: 2, read: (raw, offset) => float32(uint16(raw, offset) * 2 ** 16) },
  FP32: { field: "fp32s", size: 4, read: (raw, offset) => float32(uint32(raw, offset)) },
  FP64: { field: "fp64s", size: 8, read: (raw, offset) => view(raw, offset, 8).getFloat64(0, true) },
};

function uint8(raw: Uint8Array, offset: number): number {
  return raw[offset] ?? 0;
}

function uint16(raw: Uint8Array, offset: number): number {
  return uint8(raw, offset) | (uint8(raw, offset + 1) << 8);
}

function uint32(raw: Uint8Array, offset: number): number {
  return (uint16(raw, offset) | (uint16(raw, offset + 2) << 16)) >>> 0;
}

const scratch = new DataView(new ArrayBuffer(4));

function float32(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

function view(raw: Uint8Array, offset: number, size: number): DataView {
  return new DataView(raw.buffer, raw.byteOffset + offset, size);
}

function expectSize(name: string, raw: Uint8Array, size: number): void {
  if (raw.length !== size) throw new MalformedTensor(name, "has data that does not fit its shape");
}

/** Fills `numbers`, which has room for all. */
function readNumbers<Field, Numbers extends { [index: number]: number }>(
  raw: Uint8Array,
  type: NumberType<Field>,
  numbers: Numbers,
): Numbers {
  for (let index = 0; index * type.size < raw.length; index++) {
    numbers[index] = type.read(raw, index * type.size);
  }
  return numbers;
}

function indexOfOutput(response: InferResponse, name: string): number {
  let found = -1;
  for (let index = 0; index < response.outputs.length; index++) {
    if (response.outputs[index]?.name !== name) continue;
    if (found >= 0) throw new MalformedTensor(name, "comes twice");
    found = index;
  }
  return found;
}

/** A shape without dimensions is a single element as well. */
function expectOne(tensor: OutputTensor): void {
  for (const size of tensor.shape) {
    if (size !== 1) throw notOne(tensor.name);
  }
}

/** How many elements the shape says, which nothing is allocated by. */
function countOf(tensor: OutputTensor, most: number): number {
  let count = 1;
  for (const size of tensor.shape) {
    if (size < 0) throw new MalformedTensor(tensor.name, "has a negative dimension");
    count *= size;
  }
  if (count > most) throw new MalformedTensor(tensor.name, "has too many elements");
  return count;
}

function rawContentsOf(response: InferResponse, tensor: OutputTensor, index: number): Uint8Array | undefined {
  if (response.rawContents.length === 0) return undefined;
  if (response.rawContents.length !== response.outputs.length) {
    throw new MalformedTensor(tensor.name, "has no raw contents of its own");
  }
  if (tensor.contents !== undefined && hasElements(tensor.contents)) {
    throw new MalformedTensor(tensor.name, "has both raw and typed contents");
  }
  return response.rawContents[index];
}

function hasElements(contents: TensorContents): boolean {
  return contentFields.some((field) => contents[field].length > 0);
}

const contentFields = [
  "bools",
  "ints",
  "int64s",
  "uints",
  "uint64s",
  "fp32s",
  "fp64s",
  "bytes",
] as const satisfies readonly (keyof TensorContents)[];

function one<T>(tensor: OutputTensor, elements: readonly T[] | undefined, field: keyof TensorContents): T {
  const element = all(tensor, elements, field, 1)[0];
  if (element === undefined) throw notOne(tensor.name);
  return element;
}

const noElements: readonly never[] = [];

function all<T>(
  tensor: OutputTensor,
  elements: readonly T[] = noElements,
  field: keyof TensorContents,
  count: number,
): readonly T[] {
  if (elements.length !== count) {
    throw new MalformedTensor(tensor.name, "has data that does not fit its shape");
  }
  for (const other of contentFields) {
    if (other !== field && (tensor.contents?.[other].length ?? 0) > 0) {
      throw new MalformedTensor(tensor.name, "has contents of another datatype");
    }
  }
  return elements;
}

/**
 * The element without its length. Without one it is text, which has neither 0 nor 0xff among its first bytes;
 * bytes that do are a length, and a wrong one.
 */
function unprefixed(name: string, raw: Uint8Array): Uint8Array {
  if (raw.length >= 4 && uint32(raw, 0) === raw.length - 4) return raw.subarray(4);
  const head = raw.subarray(0, 4);
  if (head.includes(0) || head.includes(0xff)) throw wrongLength(name);
  return raw;
}

function prefixed(name: string, raw: Uint8Array, count: number): readonly Uint8Array[] {
  const elements: Uint8Array[] = [];
  let position = 0;
  while (elements.length < count && position + 4 <= raw.length) {
    const start = position + 4;
    position = start + uint32(raw, position);
    if (position > raw.length) throw wrongLength(name);
    elements.push(raw.subarray(start, position));
  }
  if (elements.length !== count || position !== raw.length) {
    throw new MalformedTensor(name, "has data that does not fit its shape");
  }
  return elements;
}

function toText(name: string, bytes: Uint8Array): string {
  try {
    return decodeName(bytes, 0, bytes.length);
  } catch (error) {
    throw new MalformedTensor(name, "is not UTF-8", { cause: error });
  }
}

function notBytes(name: string): MalformedTensor {
  return new MalformedTensor(name, "is not of datatype BYTES");
}

function notOne(name: string): MalformedTensor {
  return new MalformedTensor(name, "does not have exactly one element");
}

function wrongLength(name: string): MalformedTensor {
  return new MalformedTensor(name, "has a length that does not fit its data");
}
