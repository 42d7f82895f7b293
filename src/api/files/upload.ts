import type { Call } from "../../http/call.ts";
import { readForm } from "../../http/form.ts";
import type { RecordStore } from "../../store/records.ts";
import { createFileWriter } from "../common/files/file-writer.ts";
import { toFilename } from "../common/files/filename.ts";
import type { StoredFile } from "../common/files/stored-file.ts";
import { decode } from "./decode.ts";

export interface UploadDeps {
  records: RecordStore;
  maxFileBytes: number;
}

/** A slow line may take its time; what was not complete by then is gone for good a little later. */
const uploadMs = 3_600_000;
const abandonedMs = uploadMs + 600_000;

/** Stores the file of a form as it comes. Rejects as `readForm`, `decode` and the store do; then there is no file. */
export async function upload(request: Request, call: Call, deps: UploadDeps): Promise<StoredFile> {
  const writer = createFileWriter(deps.records, call.owner ?? "", abandonedMs);
  let filename: string | undefined;
  try {
    const fields = await readForm(request, {
      fileField: "file",
      maxFileBytes: deps.maxFileBytes,
      timeoutMs: uploadMs,
      async onFile(file) {
        filename = toFilename(file.filename);
        for await (const bytes of file.bytes) await writer.write(bytes);
      },
    });
    const { purpose, expireInMs } = decode(fields, filename !== undefined);
    return await writer.complete({
      filename: filename ?? "",
      purpose,
      ...(expireInMs !== undefined && { expireInMs }),
    });
  } catch (error) {
    // What cannot be removed now expires.
    await writer.discard().catch(() => {});
    throw error;
  }
}
