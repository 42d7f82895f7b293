import { Client, Metadata, credentials } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { decodeMessage, encodeMessage } from "../kserve-messages.ts";
import type { Fields } from "../kserve-messages.ts";

/** A status that is not OK. */
export interface Refusal {
  readonly code: number;
  readonly details: string;
}

export interface StreamAnswer {
  readonly messages: readonly Fields[];
  /** Absent after a clean end. */
  readonly refusal?: Refusal;
}

/** A gRPC client that shares no code with the driver; messages by protobufjs and `proto/kserve.proto`. */
export interface RawClient {
  /** `rpc` names its messages: `ModelMetadata` takes `ModelMetadataRequest`. Resolves with a refusal too. */
  call(rpc: string, request?: Fields): Promise<Fields | Refusal>;
  /** One request, then half-closed. `answerType` is what the server streams. */
  stream(
    request: Fields,
    options?: { answerType?: string; metadata?: Readonly<Record<string, string>> },
  ): Promise<StreamAnswer>;
  /** Begins a stream and cancels it after its first message. */
  cancelAfterFirst(request: Fields): Promise<void>;
  close(): void;
}

export function openRawClient(endpoint: string): RawClient {
  const client = new Client(endpoint, credentials.createInsecure());
  const begin = (request: Fields, metadata: Readonly<Record<string, string>> = {}) =>
    client.makeServerStreamRequest(
      `${service}/ModelStreamInfer`,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes) => new Uint8Array(bytes),
      encodeMessage("ModelInferRequest", request),
      toMetadata(metadata),
      { deadline: Date.now() + 10_000 },
    );
  return {
    call: (rpc, request = {}) =>
      new Promise((resolve) => {
        client.makeUnaryRequest(
          `${service}/${rpc}`,
          (bytes: Uint8Array) => Buffer.from(bytes),
          (bytes) => new Uint8Array(bytes),
          encodeMessage(`${rpc}Request`, request),
          new Metadata(),
          { deadline: Date.now() + 10_000 },
          (error, bytes) => {
            if (bytes === undefined) resolve(toRefusal(error));
            else resolve(decodeMessage(`${rpc}Response`, bytes));
          },
        );
      }),
    stream: (request, { answerType = "ModelStreamInferResponse", metadata = {} } = {}) =>
      new Promise((resolve) => {
        const messages: Fields[] = [];
        const call = begin(request, metadata);
        call.on("data", (bytes: Uint8Array) => messages.push(decodeMessage(answerType, bytes)));
        call.on("end", () => resolve({ messages }));
        call.on("error", (error: ServiceError) => resolve({ messages, refusal: toRefusal(error) }));
      }),
    cancelAfterFirst: (request) =>
      new Promise((resolve) => {
        const call = begin(request);
        call.on("data", () => call.cancel());
        call.on("error", () => resolve());
      }),
    close: () => client.close(),
  };
}

const service = "/inference.GRPCInferenceService";

function toMetadata(fields: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
  return metadata;
}

function toRefusal(error: ServiceError | null): Refusal {
  return { code: error?.code ?? -1, details: error?.details ?? "" };
}
