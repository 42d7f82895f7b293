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
  if (tensor.datatype !== "BYTES") throw new MalformedTensor(name, "is not of datatype BYTES");
  const raw = rawContentsOf(response, tensor, index);
  return raw === undefined ? one(tensor, tensor.contents?.bytes, "bytes") : unprefixed(name, raw);
}

/** As `readBytesOutput`, of an output that must be UTF-8. */
export function readTextOutput(response: InferResponse, name: string): string | undefined {
  const bytes = readBytesOutput(response, name);
  if (bytes === undefined) return undefined;
  try {
    return decodeName(bytes, 0, bytes.length);
  } catch (error) {
    throw new MalformedTensor(name, "is not UTF-8", { cause: error });
  }
}

/** The one element of the integer output `name`, or undefined when there is no such output. Throws `MalformedTensor`. */
export function readIntegerOutput(response: InferResponse, name: string): number | undefined {
  const index = indexOfOutput(response, name);
  const tensor = response.outputs[index];
  if (tensor === undefined) return undefined;
  expectOne(tensor);
  const integer = integers[tensor.datatype];
  if (integer === undefined) throw new MalformedTensor(name, "is not of an integer datatype");
  const raw = rawContentsOf(response, tensor, index);
  if (raw === undefined) return one(tensor, tensor.contents?.[integer.field], integer.field);
  if (raw.length !== integer.size) throw new MalformedTensor(name, "has data that does not fit its shape");
  return integer.read(new DataView(raw.buffer, raw.byteOffset, raw.byteLength));
}

interface IntegerType {
  field: "ints" | "int64s" | "uints" | "uint64s";
  size: number;
  read(view: DataView): number;
}

const integers: Readonly<Record<string, IntegerType>> = {
  INT32: { field: "ints", size: 4, read: (view) => view.getInt32(0, true) },
  INT64: { field: "int64s", size: 8, read: (view) => Number(view.getBigInt64(0, true)) },
  UINT32: { field: "uints", size: 4, read: (view) => view.getUint32(0, true) },
  UINT64: { field: "uint64s", size: 8, read: (view) => Number(view.getBigUint64(0, true)) },
};

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
    if (size !== 1) throw new MalformedTensor(tensor.name, "does not have exactly one element");
  }
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
  const element = elements?.[0];
  if (element === undefined || elements?.length !== 1) {
    throw new MalformedTensor(tensor.name, "has data that does not fit its shape");
  }
  for (const other of contentFields) {
    if (other !== field && (tensor.contents?.[other].length ?? 0) > 0) {
      throw new MalformedTensor(tensor.name, "has contents of another datatype");
    }
  }
  return element;
}

/**
 * The element without its length. Without one it is text, which has neither 0 nor 0xff among its first bytes;
 * bytes that do are a length, and a wrong one.
 */
function unprefixed(name: string, raw: Uint8Array): Uint8Array {
  const head = raw.subarray(0, 4);
  if (head.length === 4 && new DataView(raw.buffer, raw.byteOffset).getUint32(0, true) === raw.length - 4) {
    return raw.subarray(4);
  }
  if (head.includes(0) || head.includes(0xff)) {
    throw new MalformedTensor(name, "has a length that does not fit its data");
  }
  return raw;
}
