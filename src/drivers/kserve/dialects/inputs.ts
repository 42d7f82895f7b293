import type { InputTensor } from "../codec/messages.ts";

const textEncoder = new TextEncoder();

/** Input tensors of shape [n]. Without a value there is no tensor: the server's own default applies. */
export function bytesInput(name: string, texts: readonly string[]): InputTensor | undefined {
  if (texts.length === 0) return undefined;
  const bytes = texts.map((text) => textEncoder.encode(text));
  return { name, datatype: "BYTES", shape: [texts.length], contents: { bytes } };
}

/** Out of range is the nearest number in range: a larger limit than a server can count to is no limit. */
export function int32Input(name: string, value: number | undefined): InputTensor | undefined {
  if (value === undefined) return undefined;
  const integer = Math.min(Math.max(Math.trunc(value), -2_147_483_648), 2_147_483_647);
  return { name, datatype: "INT32", shape: [1], contents: { ints: [integer] } };
}

export function int64Input(name: string, value: number | undefined): InputTensor | undefined {
  if (value === undefined) return undefined;
  return { name, datatype: "INT64", shape: [1], contents: { int64s: [Math.trunc(value)] } };
}

export function floatInput(name: string, value: number | undefined): InputTensor | undefined {
  if (value === undefined) return undefined;
  return { name, datatype: "FP32", shape: [1], contents: { fp32s: [value] } };
}
