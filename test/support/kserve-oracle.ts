import type protobuf from "protobufjs";
import { decodeStreamInferResponse } from "../../src/drivers/kserve/codec/decode.ts";
import type { InferResponse, Parameters } from "../../src/drivers/kserve/codec/messages.ts";

/** Brings what the driver's codec and what protobufjs read into one form, so that they can be compared. */
/** What protobufjs makes of a message. */
type Plain = ReturnType<protobuf.Type["toObject"]>;

export const oracleOptions = {
  longs: Number,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
  bytes: Uint8Array,
};

export function plainStream(bytes: Uint8Array): unknown {
  const { errorMessage, response } = decodeStreamInferResponse(bytes);
  return { errorMessage, response: response === undefined ? null : plainResponse(response) };
}

export function plainResponse(response: InferResponse): unknown {
  return {
    ...response,
    parameters: plainParameters(response.parameters),
    rawContents: response.rawContents.map(hex),
    outputs: response.outputs.map((output) => ({
      ...output,
      parameters: plainParameters(output.parameters),
      contents:
        output.contents === undefined ? null : { ...output.contents, bytes: output.contents.bytes.map(hex) },
    })),
  };
}

function plainParameters(parameters: Parameters): unknown {
  return [...parameters].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function oracleStream(fields: Plain): unknown {
  const response = fields["inferResponse"];
  return {
    errorMessage: fields["errorMessage"],
    response: response === null ? null : oracleResponse(response),
  };
}

export function oracleResponse(fields: Plain): unknown {
  return {
    modelName: fields["modelName"],
    modelVersion: fields["modelVersion"],
    id: fields["id"],
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
