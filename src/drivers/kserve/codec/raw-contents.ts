import type { InputTensor, TensorContents } from "./messages.ts";
import { WireWriter } from "./wire-writer.ts";

/**
 * The elements of a tensor as raw contents: little-endian, one after the other; of BYTES each with its length before
 * it. Throws `TypeError` if the contents do not fit the datatype, as FP16, for which there are none.
 */
export function encodeRawContents({ name, datatype, contents }: InputTensor): WireWriter {
  const writer = new WireWriter(64);
  if (datatype === "BYTES") {
    for (const element of contents.bytes ?? []) {
      writer.fixed32(element.length);
      writer.raw(element);
    }
    return writer;
  }
  if (datatype === "BOOL") {
    for (const element of contents.bools ?? []) writer.fixed8(Number(element));
    return writer;
  }
  const number = numbers[datatype];
  if (number === undefined) throw new TypeError(`input "${name}" has a datatype without raw contents`);
  for (const element of contents[number.field] ?? []) number.write(writer, element);
  return writer;
}

interface NumberType {
  field: Exclude<keyof TensorContents, "bytes" | "bools">;
  write(writer: WireWriter, value: number): void;
}

const fixed8 = (writer: WireWriter, value: number) => writer.fixed8(value);
const fixed16 = (writer: WireWriter, value: number) => writer.fixed16(value);
const fixed32 = (writer: WireWriter, value: number) => writer.fixed32(value);
const fixed64 = (writer: WireWriter, value: number) => writer.fixed64(value);

const numbers: Readonly<Record<string, NumberType>> = {
  INT8: { field: "ints", write: fixed8 },
  INT16: { field: "ints", write: fixed16 },
  INT32: { field: "ints", write: fixed32 },
  INT64: { field: "int64s", write: fixed64 },
  UINT8: { field: "uints", write: fixed8 },
  UINT16: { field: "uints", write: fixed16 },
  UINT32: { field: "uints", write: fixed32 },
  UINT64: { field: "uint64s", write: fixed64 },
  FP32: { field: "fp32s", write: (writer, value) => writer.float(value) },
  FP64: { field: "fp64s", write: (writer, value) => writer.double(value) },
};
