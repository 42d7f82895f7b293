import type { ByteFields } from "./byte-fields.ts";
import type { InferResponse, OutputContents, OutputTensor } from "./messages.ts";
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
  const place = findElement(response, name);
  return place === undefined ? undefined : place.message.subarray(place.start, place.end);
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
  if (raw === undefined) return typedBytes(tensor, count)?.views() ?? [];
  if (count !== 1) return prefixed(name, raw, count);
  const { message, start, end } = unprefixed(name, raw);
  return [message.subarray(start, end)];
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
    const numbers = tensor.contents?.[tensor.datatype === "INT8" ? "ints" : "uints"] ?? [];
    return raw === undefined ? Uint8Array.from(numbers) : raw.message.subarray(raw.start, raw.end);
  }
  if (tensor.datatype !== "BYTES") throw notBytes(name);
  const { message, start, end } = raw === undefined ? oneTyped(tensor) : unprefixed(name, raw);
  return message.subarray(start, end);
}

/** As `readBytesOutput`, of an output that must be UTF-8. */
export function readTextOutput(response: InferResponse, name: string): string | undefined {
  const place = findElement(response, name);
  return place === undefined ? undefined : toText(name, place);
}

/** As `readBytesOutputs`, of elements that must be UTF-8. */
export function readTextOutputs(
  response: InferResponse,
  name: string,
  most: number,
): readonly string[] | undefined {
  return readBytesOutputs(response, name, most)?.map((bytes) =>
    toText(name, { message: bytes, start: 0, end: bytes.length }),
  );
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
  if (raw === undefined) return all(tensor, tensor.contents?.[type.field], count);
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
  return Float32Array.from(all(tensor, tensor.contents?.[type.field], count));
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

function expectSize(name: string, { start, end }: Place, size: number): void {
  if (end - start !== size) throw new MalformedTensor(name, "has data that does not fit its shape");
}

/** Fills `numbers`, which has room for all. */
function readNumbers<Field, Numbers extends { [index: number]: number }>(
  { message, start, end }: Place,
  type: NumberType<Field>,
  numbers: Numbers,
): Numbers {
  for (let index = 0; start + index * type.size < end; index++) {
    numbers[index] = type.read(message, start + index * type.size);
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

/** Bytes of a message. */
interface Place {
  message: Uint8Array;
  start: number;
  end: number;
}

/** Where the one element of the BYTES output `name` stands. */
function findElement(response: InferResponse, name: string): Place | undefined {
  const index = indexOfOutput(response, name);
  const tensor = response.outputs[index];
  if (tensor === undefined) return undefined;
  expectOne(tensor);
  if (tensor.datatype !== "BYTES") throw notBytes(name);
  const raw = rawContentsOf(response, tensor, index);
  return raw === undefined ? oneTyped(tensor) : unprefixed(name, raw);
}

function rawContentsOf(response: InferResponse, tensor: OutputTensor, index: number): Place | undefined {
  const { rawContents, outputs } = response;
  if (rawContents.length === 0) return undefined;
  if (rawContents.length !== outputs.length) {
    throw new MalformedTensor(tensor.name, "has no raw contents of its own");
  }
  if (tensor.contents !== undefined && sizeOf(tensor.contents) > 0) {
    throw new MalformedTensor(tensor.name, "has both raw and typed contents");
  }
  return placeOf(rawContents, index);
}

function placeOf(fields: ByteFields, index: number): Place {
  return { message: fields.message, start: fields.start(index), end: fields.end(index) };
}

/** Elements of all datatypes together. */
function sizeOf(contents: OutputContents): number {
  const { bools, ints, int64s, uints, uint64s, fp32s, fp64s, bytes } = contents;
  const whole = ints.length + int64s.length + uints.length + uint64s.length;
  return bools.length + whole + fp32s.length + fp64s.length + bytes.length;
}

function oneTyped(tensor: OutputTensor): Place {
  const elements = typedBytes(tensor, 1);
  if (elements === undefined) throw notOne(tensor.name);
  return placeOf(elements, 0);
}

function typedBytes(tensor: OutputTensor, count: number): ByteFields | undefined {
  const elements = tensor.contents?.bytes;
  expectOnly(tensor, elements?.length ?? 0, count);
  return elements;
}

const noElements: readonly never[] = [];

function all<T>(tensor: OutputTensor, elements: readonly T[] = noElements, count: number): readonly T[] {
  expectOnly(tensor, elements.length, count);
  return elements;
}

/** That the tensor has `count` elements of its datatype, of which `found` were found, and none of another. */
function expectOnly({ name, contents }: OutputTensor, found: number, count: number): void {
  if (found !== count) throw new MalformedTensor(name, "has data that does not fit its shape");
  if (contents !== undefined && sizeOf(contents) !== found) {
    throw new MalformedTensor(name, "has contents of another datatype");
  }
}

/**
 * The element without its length. Without one it is text, which has neither 0 nor 0xff among its first bytes;
 * bytes that do are a length, and a wrong one.
 */
function unprefixed(name: string, raw: Place): Place {
  const { message, start, end } = raw;
  if (end - start >= 4 && uint32(message, start) === end - start - 4)
    return { message, start: start + 4, end };
  for (let position = start; position < Math.min(start + 4, end); position++) {
    const byte = uint8(message, position);
    if (byte === 0 || byte === 0xff) throw wrongLength(name);
  }
  return raw;
}

function prefixed(name: string, { message, start, end }: Place, count: number): readonly Uint8Array[] {
  const elements: Uint8Array[] = [];
  let position = start;
  while (elements.length < count && position + 4 <= end) {
    const first = position + 4;
    position = first + uint32(message, position);
    if (position > end) throw wrongLength(name);
    elements.push(message.subarray(first, position));
  }
  if (elements.length !== count || position !== end) {
    throw new MalformedTensor(name, "has data that does not fit its shape");
  }
  return elements;
}

function toText(name: string, { message, start, end }: Place): string {
  try {
    return decodeName(message, start, end - start);
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
