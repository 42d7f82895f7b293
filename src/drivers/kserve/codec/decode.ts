import type {
  InferResponse,
  OutputTensor,
  Parameters,
  ParameterValue,
  StreamInferResponse,
} from "./messages.ts";
import { readContents, readInt64s } from "./contents.ts";
import type { ContentsBuilder } from "./contents.ts";
import { MalformedMessage, WireReader } from "./wire-reader.ts";

/**
 * Decoders of what a KServe v2 server answers to a call. Fields that are not known are skipped; a field that comes
 * twice is merged as protobuf says. All throw `MalformedMessage`. Byte fields are views of `bytes`.
 *
 * A message of a stream is taken in both forms: MLServer sends a bare `ModelInferResponse` where the protocol has a
 * `ModelStreamInferResponse`. What tells them apart is any of the fields that only the bare one has (its id,
 * parameters, outputs and raw contents), or a second field that is a version's text instead of a message.
 */
export function decodeStreamInferResponse(bytes: Uint8Array): StreamInferResponse {
  let wrapped: StreamInferResponse | undefined;
  try {
    wrapped = readWrapped(new WireReader(bytes));
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
  }
  // What is malformed in both forms is reported as the bare one is.
  return wrapped ?? { errorMessage: "", response: decodeInferResponse(bytes) };
}

/** Undefined if a field comes that only the bare form has. */
function readWrapped(reader: WireReader): StreamInferResponse | undefined {
  let errorMessage = "";
  let response: ResponseBuilder | undefined;
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        errorMessage = reader.text();
        break;
      case 18:
        response = readResponse(reader, reader.enter(), response);
        break;
      case 26:
      case 34:
      case 42:
      case 50:
        return undefined;
      default:
        reader.skip(tag);
    }
  }
  return { errorMessage, response };
}

/** See `decodeStreamInferResponse`. */
export function decodeInferResponse(bytes: Uint8Array): InferResponse {
  return readResponse(new WireReader(bytes), bytes.length, undefined);
}

const noParameters: Parameters = new Map();
const noBytes: readonly Uint8Array[] = [];

interface ResponseBuilder {
  modelName: string;
  modelVersion: string;
  id: string;
  parameters: Parameters;
  outputs: OutputTensor[];
  rawContents: readonly Uint8Array[];
}

function readResponse(
  reader: WireReader,
  outer: number,
  known: ResponseBuilder | undefined,
): ResponseBuilder {
  const response = known ?? {
    modelName: "",
    modelVersion: "",
    id: "",
    parameters: noParameters,
    outputs: [],
    rawContents: noBytes,
  };
  let parameters: Map<string, ParameterValue> | undefined;
  let raw: Uint8Array[] | undefined;
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        response.modelName = reader.text();
        break;
      case 18:
        response.modelVersion = reader.text();
        break;
      case 26:
        response.id = reader.text();
        break;
      case 34:
        parameters ??= new Map(response.parameters);
        readParameter(reader, parameters);
        break;
      case 42:
        reader.countObject();
        response.outputs.push(readOutput(reader));
        break;
      case 50:
        reader.countObject();
        raw ??= [...response.rawContents];
        raw.push(reader.byteField());
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  if (parameters !== undefined) response.parameters = parameters;
  if (raw !== undefined) response.rawContents = raw;
  return response;
}

function readOutput(reader: WireReader): OutputTensor {
  const outer = reader.enter();
  let shape: number[] = [];
  let name = "";
  let datatype = "";
  let parameters: Map<string, ParameterValue> | undefined;
  let contents: ContentsBuilder | undefined;
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        name = reader.text();
        break;
      case 18:
        datatype = reader.text();
        break;
      case 24:
      case 26:
        shape = readInt64s(reader, tag, shape);
        break;
      case 34:
        parameters ??= new Map();
        readParameter(reader, parameters);
        break;
      case 42:
        contents = readContents(reader, contents);
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return { name, datatype, shape, parameters: parameters ?? noParameters, contents };
}

function readParameter(reader: WireReader, parameters: Map<string, ParameterValue>): void {
  reader.countObject();
  const outer = reader.enter();
  let key = "";
  let value: ParameterValue;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 10) key = reader.text();
    else if (tag === 18) value = readParameterValue(reader, value);
    else reader.skip(tag);
  }
  reader.leave(outer);
  parameters.set(key, value);
}

function readParameterValue(reader: WireReader, known: ParameterValue): ParameterValue {
  const outer = reader.enter();
  let value = known;
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        value = reader.bool();
        break;
      case 16:
        value = reader.int64();
        break;
      case 26:
        value = reader.text();
        break;
      case 33:
        value = reader.double();
        break;
      case 40:
        value = reader.uint64();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return value;
}
