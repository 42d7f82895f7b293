import type { Fields } from "../kserve-messages.ts";

/** Inputs and outputs of raw calls in tests. Shapes default to those without a batch dimension. */
export function bytes(name: string, text: string | readonly string[], shape?: readonly number[]): Fields {
  const texts = typeof text === "string" ? [text] : text;
  return typed(name, "BYTES", shape ?? [texts.length], {
    bytesContents: texts.map((part) => Buffer.from(part)),
  });
}

export function bool(name: string, value: boolean, shape: readonly number[] = [1]): Fields {
  return typed(name, "BOOL", shape, { boolContents: [value] });
}

export function int32(name: string, value: number, shape: readonly number[] = [1]): Fields {
  return typed(name, "INT32", shape, { intContents: [value] });
}

export function fp32(name: string, value: number, shape: readonly number[] = [1]): Fields {
  return typed(name, "FP32", shape, { fp32Contents: [value] });
}

export function typed(name: string, datatype: string, shape: readonly number[], contents: Fields): Fields {
  return { name, datatype, shape, contents };
}

/** A tensor whose contents are in the raw list. */
export function raw(name: string, datatype: string, shape: readonly number[] = [1]): Fields {
  return { name, datatype, shape };
}

/** Raw BYTES of one element. */
export function prefixed(text: string): Uint8Array {
  const content = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(content.length);
  return Buffer.concat([length, content]);
}

/** What a test reads of a response: texts of BYTES, numbers of the rest, and the parameters that are bools. */
export interface ReadResponse {
  error?: string;
  id: string;
  version: string;
  final?: boolean;
  outputs: Record<string, readonly unknown[]>;
  shapes: Record<string, readonly number[]>;
}

/** Reads a message of the stream rpc, or with `bare` a ModelInferResponse. */
export function readResponse(message: Fields, form: "streamed" | "bare" = "streamed"): ReadResponse {
  const response = form === "bare" ? message : toFields(message["inferResponse"]);
  const outputs = toList(response["outputs"]);
  const raws = toList(response["rawOutputContents"]);
  const final = toFields(toFields(response["parameters"])["triton_final_response"])["boolParam"];
  const error = message["errorMessage"];
  return {
    ...(typeof error === "string" ? { error } : {}),
    id: toText(response["id"]),
    version: toText(response["modelVersion"]),
    ...(typeof final === "boolean" ? { final } : {}),
    outputs: Object.fromEntries(
      outputs.map((output, index) => [String(output["name"]), readValues(output, raws[index])]),
    ),
    shapes: Object.fromEntries(
      outputs.map((output) => [String(output["name"]), toList<number>(output["shape"])]),
    ),
  };
}

function readValues(output: Fields, rawContents: unknown): readonly unknown[] {
  if (!(rawContents instanceof Uint8Array)) {
    const values = Object.values(toFields(output["contents"])).flatMap((value) => toList<unknown>(value));
    return values.map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value));
  }
  const view = new DataView(rawContents.buffer, rawContents.byteOffset, rawContents.byteLength);
  const width = widths[String(output["datatype"])];
  if (width !== undefined) {
    return Array.from({ length: rawContents.length / width.size }, (_, index) =>
      width.read(view, index * width.size),
    );
  }
  const texts: string[] = [];
  for (let position = 0; position + 4 <= rawContents.length;) {
    const length = view.getUint32(position, true);
    texts.push(Buffer.from(rawContents.subarray(position + 4, position + 4 + length)).toString());
    position += 4 + length;
  }
  return texts;
}

interface Width {
  size: number;
  read(view: DataView, offset: number): number | boolean;
}

const widths: Readonly<Record<string, Width | undefined>> = {
  BOOL: { size: 1, read: (view, offset) => view.getUint8(offset) === 1 },
  UINT8: { size: 1, read: (view, offset) => view.getUint8(offset) },
  INT32: { size: 4, read: (view, offset) => view.getInt32(offset, true) },
  UINT32: { size: 4, read: (view, offset) => view.getUint32(offset, true) },
  FP32: { size: 4, read: (view, offset) => view.getFloat32(offset, true) },
};

function toFields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function toList<Item = Fields>(value: unknown): Item[] {
  return Array.isArray(value) ? value : [];
}
