import { type ByteFields, noBytes } from "./byte-fields.ts";
import { wireType } from "./wire-reader.ts";
import type { WireReader } from "./wire-reader.ts";

/** Contents that are being read; fits `OutputContents`. */
export interface ContentsBuilder {
  bools: boolean[];
  ints: number[];
  int64s: number[];
  uints: number[];
  uint64s: number[];
  fp32s: number[];
  fp64s: number[];
  bytes: ByteFields;
}

/** Reads an `InferTensorContents`, adding to what an earlier one of the same tensor gave. */
export function readContents(reader: WireReader, known: ContentsBuilder | undefined): ContentsBuilder {
  const contents = known ?? emptyContents();
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
      case 10:
        contents.bools = readScalars(reader, tag, contents.bools, bool);
        break;
      case 16:
      case 18:
        contents.ints = readScalars(reader, tag, contents.ints, int32);
        break;
      case 24:
      case 26:
        contents.int64s = readScalars(reader, tag, contents.int64s, int64);
        break;
      case 32:
      case 34:
        contents.uints = readScalars(reader, tag, contents.uints, uint32);
        break;
      case 40:
      case 42:
        contents.uint64s = readScalars(reader, tag, contents.uint64s, uint64);
        break;
      case 53:
      case 50:
        contents.fp32s = readScalars(reader, tag, contents.fp32s, float);
        break;
      case 57:
      case 58:
        contents.fp64s = readScalars(reader, tag, contents.fp64s, double);
        break;
      case 66:
        reader.countObject();
        contents.bytes = reader.byteField(contents.bytes);
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return contents;
}

/** Reads a repeated field of numbers, packed or one by one, to the end of `list`. */
export function readInt64s(reader: WireReader, tag: number, list: number[]): number[] {
  return readScalars(reader, tag, list, int64);
}

const bool = (reader: WireReader) => reader.bool();
const int32 = (reader: WireReader) => reader.int32();
const int64 = (reader: WireReader) => reader.int64();
const uint32 = (reader: WireReader) => reader.uint32();
const uint64 = (reader: WireReader) => reader.uint64();
const float = (reader: WireReader) => reader.float();
const double = (reader: WireReader) => reader.double();

function readScalars<T>(reader: WireReader, tag: number, list: T[], read: (reader: WireReader) => T): T[] {
  const scalars = owned(list);
  if ((tag & 7) !== wireType.delimited) {
    reader.countNumber();
    scalars.push(read(reader));
    return scalars;
  }
  const outer = reader.enter();
  while (reader.more) {
    reader.countNumber();
    scalars.push(read(reader));
  }
  reader.leave(outer);
  return scalars;
}

// Most tensors fill one list of eight: the empty ones are one shared array, which nobody may write to.
const none: never[] = [];

function owned<T>(list: T[]): T[] {
  return list.length === 0 ? [] : list;
}

function emptyContents(): ContentsBuilder {
  return {
    bools: none,
    ints: none,
    int64s: none,
    uints: none,
    uint64s: none,
    fp32s: none,
    fp64s: none,
    bytes: noBytes,
  };
}
