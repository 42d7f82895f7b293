import type { InferResponse, OutputTensor, ParameterValue, StreamInferResponse } from "./messages.ts";
import { type ByteFields, noBytes } from "./byte-fields.ts";
import { readContents, readInt64s } from "./contents.ts";
import type { ContentsBuilder } from "./contents.ts";
import { noParameters, type ParametersBuilder, withParameter } from "./parameters.ts";
import { MalformedMessage, WireReader } from "./wire-reader.ts";

/**
 * Decoders of what a KServe v2 server answers to a call. Fields that are not known are skipped; a field that comes
 * twice is merged as protobuf says. All throw `MalformedMessage`. Byte fields are places in `bytes`.
 *
 * A message of a stream is taken in both forms: MLServer sends a bare `ModelInferResponse` where the protocol has a
 * `ModelStreamInferResponse`. What tells them apart is any of the fields that only the bare one has (its id,
 * parameters, outputs and raw contents), or a second field that is a version's text instead of a message.
 */
export function decodeStreamInferResponse(bytes: Uint8Array): StreamInferResponse {
  // The bare form begins with the model's name. Looking ahead saves an exception for each of its messages.
  if (bytes[0] === 10 && hasBareField(bytes))
    return { errorMessage: "", response: decodeInferResponse(bytes) };
  let wrapped: StreamInferResponse | undefined;
  try {
    wrapped = readWrapped(new WireReader(bytes));
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
  }
  // What is malformed in both forms is reported as the bare one is.
  return wrapped ?? { errorMessage: "", response: decodeInferResponse(bytes) };
}

/** Whether there is a field that only the bare form has, as far as the message can be read. */
function hasBareField(bytes: Uint8Array): boolean {
  const reader = new WireReader(bytes);
  try {
    while (reader.more) {
      const tag = reader.tag();
      if (bareTags.has(tag)) return true;
      reader.skip(tag);
    }
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
  }
  return false;
}

const bareTags: ReadonlySet<number> = new Set([26, 34, 42, 50]);

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

interface ResponseBuilder {
  modelName: string;
  modelVersion: string;
  parameters: ParametersBuilder;
  outputs: OutputTensor[];
  rawContents: ByteFields;
}

function readResponse(
  reader: WireReader,
  outer: number,
  known: ResponseBuilder | undefined,
): ResponseBuilder {
  const response = known ?? {
    modelName: "",
    modelVersion: "",
    parameters: noParameters,
    outputs: [],
    rawContents: noBytes,
  };
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
        reader.skipText();
        break;
      case 34:
        response.parameters = readParameter(reader, response.parameters);
        break;
      case 42:
        reader.countObject();
        response.outputs.push(readOutput(reader));
        break;
      case 50:
        reader.countObject();
        response.rawContents = reader.byteField(response.rawContents);
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return response;
}

function readOutput(reader: WireReader): OutputTensor {
  const outer = reader.enter();
  let shape: number[] = [];
  let name = "";
  let datatype = "";
  let parameters = noParameters;
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
        parameters = readParameter(reader, parameters);
        break;
      case 42:
        contents = readContents(reader, contents);
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return { name, datatype, shape, parameters, contents };
}

/** Gives `known` and one more. */
function readParameter(reader: WireReader, known: ParametersBuilder): ParametersBuilder {
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
  return withParameter(known, key, value);
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
