import protobuf from "protobufjs";
import { decodeStreamInferResponse } from "../../src/drivers/kserve/codec/decode.ts";
import type { InferResponse, ModelConfig, Parameters } from "../../src/drivers/kserve/codec/messages.ts";

/** Brings what the driver's codec and what protobufjs read into one form, so that they can be compared. */
const root = await protobuf.load(new URL("../../proto/kserve.proto", import.meta.url).pathname);

// What the driver does not read, it does not check either.
const unread = { ModelConfig: ["name", "output"], ModelInput: ["dataType", "dims"] };
for (const [message, names] of Object.entries(unread)) {
  const type = root.lookupType(`inference.${message}`);
  for (const field of type.fieldsArray.filter(({ name }) => names.includes(name))) type.remove(field);
}

// protobufjs skips a varint of any length; protobuf allows ten bytes.
const skip = Reflect.get(protobuf.Reader.prototype, "skip");
protobuf.Reader.prototype.skip = function skipAtMostTenBytes(length) {
  const start = this.pos;
  Reflect.apply(skip, this, [length]);
  if (length === undefined && this.pos - start > 10) throw new Error("a varint is too long");
  return this;
};

/** What protobufjs makes of a message. */
type Plain = ReturnType<protobuf.Type["toObject"]>;

const oracleOptions = {
  longs: Number,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
  bytes: Uint8Array,
};

export function messageType(name: string): protobuf.Type {
  return root.lookupType(`inference.${name}`);
}

/** A message's fields as protobufjs reads them. */
export function oracleFields(name: string, bytes: Uint8Array): Plain {
  const type = messageType(name);
  return type.toObject(type.decode(bytes), oracleOptions);
}

export function plainStream(bytes: Uint8Array): unknown {
  const { errorMessage, response } = decodeStreamInferResponse(bytes);
  return { errorMessage, response: response === undefined ? null : plainResponse(response) };
}

export function plainResponse(response: InferResponse): unknown {
  return {
    ...response,
    parameters: plainParameters(response.parameters),
    rawContents: response.rawContents.views().map(hex),
    outputs: response.outputs.map((output) => ({
      ...output,
      parameters: plainParameters(output.parameters),
      contents:
        output.contents === undefined
          ? null
          : { ...output.contents, bytes: output.contents.bytes.views().map(hex) },
    })),
  };
}

function plainParameters(parameters: Parameters): unknown {
  return [...parameters].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** A message of a stream in either form: what does not read as the wrapped one, or has a field of the bare one, is bare. */
export function oracleStream(bytes: Uint8Array): unknown {
  const wrapped = readWrapped(bytes);
  if (wrapped === undefined) return { errorMessage: "", response: oracleResponse(bytes) };
  const response = wrapped["inferResponse"];
  return {
    errorMessage: wrapped["errorMessage"],
    response: response === null ? null : comparableResponse(response),
  };
}

function readWrapped(bytes: Uint8Array): Plain | undefined {
  try {
    const fields = oracleFields("ModelStreamInferResponse", bytes);
    return topLevelTags(bytes).some((tag) => bareTags.includes(tag)) ? undefined : fields;
  } catch {
    return undefined;
  }
}

const bareTags = [26, 34, 42, 50];

function topLevelTags(bytes: Uint8Array): number[] {
  const reader = protobuf.Reader.create(bytes);
  const tags: number[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    tags.push(tag);
    reader.skipType(tag & 7, 0, tag >>> 3);
  }
  return tags;
}

export function oracleResponse(bytes: Uint8Array): unknown {
  return comparableResponse(oracleFields("ModelInferResponse", bytes));
}

function comparableResponse(fields: Plain): unknown {
  return {
    modelName: fields["modelName"],
    modelVersion: fields["modelVersion"],
    parameters: oracleParameters(fields["parameters"]),
    rawContents: fields["rawOutputContents"].map(hex),
    outputs: fields["outputs"].map((output: Plain) => ({
      name: output["name"],
      datatype: output["datatype"],
      shape: output["shape"],
      parameters: oracleParameters(output["parameters"]),
      contents: oracleContents(output["contents"]),
    })),
  };
}

function oracleParameters(fields: Plain): unknown {
  const values = Object.entries(fields).map(([key, value]) => {
    const parameter: Plain = value;
    const choice = parameter["parameterChoice"];
    return [key, choice === undefined ? undefined : parameter[choice]] as const;
  });
  return values.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function oracleContents(fields: Plain | null): unknown {
  if (fields === null) return null;
  return {
    bools: fields["boolContents"],
    ints: fields["intContents"],
    int64s: fields["int64Contents"],
    uints: fields["uintContents"],
    uint64s: fields["uint64Contents"],
    fp32s: fields["fp32Contents"],
    fp64s: fields["fp64Contents"],
    bytes: fields["bytesContents"].map(hex),
  };
}

export function plainConfig(config: ModelConfig): unknown {
  return {
    ...config,
    optionalInputs: [...config.optionalInputs].toSorted(),
    parameters: Object.fromEntries(config.parameters),
  };
}

export function oracleConfig(bytes: Uint8Array): unknown {
  const config: Plain = oracleFields("ModelConfigResponse", bytes)["config"] ?? {};
  const inputs: Plain[] = config["input"] ?? [];
  const optional = inputs.filter((input) => input["optional"]).map((input): string => input["name"]);
  const parameters: Plain = config["parameters"] ?? {};
  return {
    platform: config["platform"] ?? "",
    backend: config["backend"] ?? "",
    maxBatchSize: config["maxBatchSize"] ?? 0,
    decoupled: config["modelTransactionPolicy"]?.["decoupled"] ?? false,
    optionalInputs: [...new Set(optional)].toSorted(),
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, value]) => [key, value?.["stringValue"] ?? ""]),
    ),
  };
}
