import type {
  ModelConfig,
  ModelMetadata,
  RepositoryModel,
  ServerMetadata,
  TensorMetadata,
} from "./messages.ts";
import { readInt64s } from "./contents.ts";
import { WireReader } from "./wire-reader.ts";

/**
 * Decoders of what a KServe v2 server says of itself and its models. Fields that are not known are skipped; a field
 * that comes twice is merged as protobuf says. All throw `MalformedMessage`.
 */
export function decodeServerMetadata(bytes: Uint8Array): ServerMetadata {
  const metadata = { name: "", version: "", extensions: [] as string[] };
  readFields(new WireReader(bytes), {
    10: (reader) => (metadata.name = reader.text()),
    18: (reader) => (metadata.version = reader.text()),
    26: (reader) => {
      reader.countObject();
      metadata.extensions.push(reader.text());
    },
  });
  return metadata;
}

/** A `ServerReadyResponse`, a `ModelReadyResponse`: whether it says ready. See `decodeServerMetadata`. */
export function decodeReady(bytes: Uint8Array): boolean {
  let ready = false;
  readFields(new WireReader(bytes), { 8: (reader) => (ready = reader.bool()) });
  return ready;
}

/** See `decodeServerMetadata`. */
export function decodeModelMetadata(bytes: Uint8Array): ModelMetadata {
  const versions: string[] = [];
  const inputs: TensorMetadata[] = [];
  const outputs: TensorMetadata[] = [];
  const model = { name: "", platform: "" };
  readFields(new WireReader(bytes), {
    10: (reader) => (model.name = reader.text()),
    18: (reader) => {
      reader.countObject();
      versions.push(reader.text());
    },
    26: (reader) => (model.platform = reader.text()),
    34: (reader) => inputs.push(readTensor(reader)),
    42: (reader) => outputs.push(readTensor(reader)),
  });
  return { ...model, versions, inputs, outputs };
}

/** A `ModelConfigResponse`: what of its config is used. See `decodeServerMetadata`. */
export function decodeModelConfig(bytes: Uint8Array): ModelConfig {
  const optionalInputs = new Set<string>();
  const parameters = new Map<string, string>();
  const config = { platform: "", backend: "", maxBatchSize: 0, decoupled: false };
  const configFields: Fields = {
    18: (reader) => (config.platform = reader.text()),
    32: (reader) => (config.maxBatchSize = reader.int32()),
    42: (reader) => {
      const input = readInput(reader);
      if (input.optional) optionalInputs.add(input.name);
    },
    114: (reader) => {
      const [key, value] = readParameter(reader);
      parameters.set(key, value);
    },
    138: (reader) => (config.backend = reader.text()),
    154: (reader) => readNested(reader, { 8: (policy) => (config.decoupled = policy.bool()) }),
  };
  readFields(new WireReader(bytes), { 10: (reader) => readNested(reader, configFields) });
  return { ...config, optionalInputs, parameters };
}

/** See `decodeServerMetadata`. */
export function decodeRepositoryIndex(bytes: Uint8Array): RepositoryModel[] {
  const models: RepositoryModel[] = [];
  readFields(new WireReader(bytes), {
    10: (reader) => {
      reader.countObject();
      const model = { name: "", version: "", state: "", reason: "" };
      readNested(reader, {
        10: (entry) => (model.name = entry.text()),
        18: (entry) => (model.version = entry.text()),
        26: (entry) => (model.state = entry.text()),
        34: (entry) => (model.reason = entry.text()),
      });
      models.push(model);
    },
  });
  return models;
}

function readTensor(reader: WireReader): TensorMetadata {
  reader.countObject();
  const tensor = { name: "", datatype: "", shape: [] as number[] };
  const readShape = (tag: number) => (field: WireReader) =>
    (tensor.shape = readInt64s(field, tag, tensor.shape));
  readNested(reader, {
    10: (field) => (tensor.name = field.text()),
    18: (field) => (tensor.datatype = field.text()),
    24: readShape(24),
    26: readShape(26),
  });
  return tensor;
}

function readInput(reader: WireReader): { name: string; optional: boolean } {
  reader.countObject();
  const input = { name: "", optional: false };
  readNested(reader, {
    10: (field) => (input.name = field.text()),
    64: (field) => (input.optional = field.bool()),
  });
  return input;
}

function readParameter(reader: WireReader): [string, string] {
  reader.countObject();
  let key = "";
  let value = "";
  readNested(reader, {
    10: (entry) => (key = entry.text()),
    18: (entry) => readNested(entry, { 10: (parameter) => (value = parameter.text()) }),
  });
  return [key, value];
}

/** What reads a field, by its tag. These messages come once a model, so that a table is fast enough. */
type Fields = Readonly<Record<number, (reader: WireReader) => unknown>>;

function readNested(reader: WireReader, fields: Fields): void {
  const outer = reader.enter();
  readFields(reader, fields);
  reader.leave(outer);
}

function readFields(reader: WireReader, fields: Fields): void {
  while (reader.more) {
    const tag = reader.tag();
    const read = fields[tag];
    if (read === undefined) reader.skip(tag);
    else read(reader);
  }
}
