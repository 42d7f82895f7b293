import protobuf from "protobufjs";

/**
 * KServe messages by protobufjs and `proto/kserve.proto`, so that a fake server shares no code with the driver.
 * Field names are those of the proto file in camelCase.
 */
const root = await protobuf.load(new URL("../../proto/kserve.proto", import.meta.url).pathname);

export type Fields = Readonly<Record<string, unknown>>;

export function encodeMessage(name: string, fields: Fields): Uint8Array {
  const type = root.lookupType(`inference.${name}`);
  return type.encode(type.fromObject(fields)).finish();
}

export function decodeMessage(name: string, bytes: Uint8Array): Fields {
  const type = root.lookupType(`inference.${name}`);
  return type.toObject(type.decode(bytes), { longs: Number, arrays: true, bytes: Uint8Array });
}

/** An output tensor with one typed BYTES element. */
export function bytesOutput(name: string, content: string | Uint8Array): Fields {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { name, datatype: "BYTES", shape: [1], contents: { bytesContents: [bytes] } };
}

/** A message of AnyServe's `generate_stream`. */
export function tokenMessage(token: string | Uint8Array, finishReason = "null"): Uint8Array {
  return streamMessage([bytesOutput("token", token), bytesOutput("finish_reason", finishReason)]);
}

export function streamMessage(outputs: readonly Fields[], more: Fields = {}): Uint8Array {
  return encodeMessage("ModelStreamInferResponse", { inferResponse: { ...infer, outputs, ...more } });
}

export function inferMessage(outputs: readonly Fields[], more: Fields = {}): Uint8Array {
  return encodeMessage("ModelInferResponse", { ...infer, outputs, ...more });
}

const infer = { modelName: "generate", modelVersion: "llamacpp" };
