import type { ByteFields } from "./byte-fields.ts";

/**
 * The KServe v2 messages that oai-serve reads and writes; field numbers stand in `proto/kserve.proto`.
 * 64-bit integers are numbers: exact up to 2^53, rounded above.
 */

/** `undefined` is a parameter whose choice is not set or not known. */
export type ParameterValue = boolean | number | string | undefined;

export type Parameters = ReadonlyMap<string, ParameterValue>;

/** Typed contents. INT8 to INT32 are `ints`, UINT8 to UINT32 are `uints`; FP16 and BF16 exist only raw. */
export interface TensorContents {
  readonly bools: readonly boolean[];
  readonly ints: readonly number[];
  readonly int64s: readonly number[];
  readonly uints: readonly number[];
  readonly uint64s: readonly number[];
  readonly fp32s: readonly number[];
  readonly fp64s: readonly number[];
  readonly bytes: readonly Uint8Array[];
}

export interface InputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents: Partial<TensorContents>;
}

export interface InferRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id?: string;
  readonly parameters?: Parameters;
  readonly inputs: readonly InputTensor[];
  /** Sends the contents of all inputs raw; FP16 and BF16 cannot be sent. Else they are typed. */
  readonly rawContents?: boolean;
}

export interface OutputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly parameters: Parameters;
  readonly contents: OutputContents | undefined;
}

export interface OutputContents extends Omit<TensorContents, "bytes"> {
  readonly bytes: ByteFields;
}

/** Without its id, which only repeats the request's. */
export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly parameters: Parameters;
  readonly outputs: readonly OutputTensor[];
  /** One element per output tensor, in order, or none when the contents are typed. */
  readonly rawContents: ByteFields;
}

export interface StreamInferResponse {
  readonly errorMessage: string;
  readonly response: InferResponse | undefined;
}

export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

export interface TensorMetadata {
  readonly name: string;
  /** As on the wire: `BYTES`, `INT32`, … */
  readonly datatype: string;
  /** -1 is any size. With a batch dimension where the model has one. */
  readonly shape: readonly number[];
}

/** `ModelMetadataResponse`. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** What of Triton's `ModelConfig` matters for calls. */
export interface ModelConfig {
  readonly platform: string;
  readonly backend: string;
  readonly maxBatchSize: number;
  readonly decoupled: boolean;
  /** Inputs that may be left out. */
  readonly optionalInputs: ReadonlySet<string>;
  /** `parameters[key].string_value`. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** One entry of `RepositoryIndex`. */
export interface RepositoryModel {
  readonly name: string;
  readonly version: string;
  /** `READY`, `UNAVAILABLE`, `LOADING`, `UNLOADING`; empty when the server does not say. */
  readonly state: string;
  readonly reason: string;
}
