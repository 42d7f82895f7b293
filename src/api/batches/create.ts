import { ServeError } from "../../core/error.ts";
import type { RecordStore, StoredRecord } from "../../store/records.ts";
import { findFile } from "../common/files/read-file.ts";
import { fileId } from "../common/files/stored-file.ts";
import { notFound } from "../common/path-id.ts";
import { batchKey, createBatchId, stateText } from "./batch.ts";
import { decode } from "./decode.ts";
import type { CreateBatchRequest } from "./schema.ts";

const param = "input_file_id";

/** Throws `not_found` or `invalid_request` for an input that cannot be one. */
export async function createBatch(
  body: CreateBatchRequest,
  owner: string,
  records: RecordStore,
): Promise<StoredRecord> {
  await assertInput(body.input_file_id, owner, records);
  const key = batchKey(owner, createBatchId());
  await records.write([
    {
      kind: "put",
      key,
      expectedVersion: 0,
      text: stateText(decode(body, Date.now())),
      dueInMs: 0,
    },
  ]);
  const record = await records.head(key);
  if (record === undefined) {
    throw new ServeError("unavailable", "The batch could not be stored.", { code: "store_unavailable" });
  }
  return record;
}

async function assertInput(id: string, owner: string, records: RecordStore): Promise<void> {
  if (!fileId.form.test(id)) {
    throw new ServeError("invalid_request", `'${param}' has not the form of such an id.`, {
      code: "invalid_value",
      param,
    });
  }
  const file = await findFile(records, owner, id);
  if (file === undefined) {
    throw new ServeError("not_found", notFound(id, fileId).message, { code: "not_found", param });
  }
  if (file.purpose !== "batch") {
    throw new ServeError("invalid_request", `'${param}' must be a file of purpose 'batch'.`, {
      code: "invalid_value",
      param,
    });
  }
}
