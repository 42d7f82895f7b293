import { WireWriter } from "./wire-writer.ts";

/** A message without fields: a `ServerReadyRequest`, a `ServerMetadataRequest`. */
export const emptyMessage = new Uint8Array();

/** A `ModelMetadataRequest`, `ModelConfigRequest` or `ModelReadyRequest`; without a version, the server chooses one. */
export function encodeModelRequest(name: string, version = ""): Uint8Array {
  const writer = new WireWriter();
  if (name !== "") writer.text(10, name);
  if (version !== "") writer.text(18, version);
  return writer.finish();
}

/** A `RepositoryIndexRequest` for all repositories. `ready` leaves out what is not ready for inference. */
export function encodeRepositoryIndexRequest({ ready }: { ready: boolean }): Uint8Array {
  const writer = new WireWriter(8);
  if (ready) {
    writer.varint(16);
    writer.varint(1);
  }
  return writer.finish();
}
