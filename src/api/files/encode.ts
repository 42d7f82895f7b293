import type { StoredFile } from "../common/files/stored-file.ts";

/** A file as OpenAI's `FileObject`. */
export function encodeFile(file: StoredFile) {
  return {
    id: file.id,
    object: "file",
    bytes: file.bytes,
    created_at: toSeconds(file.createdAt),
    ...(file.expiresAt !== undefined && { expires_at: toSeconds(file.expiresAt) }),
    filename: file.filename,
    purpose: file.purpose,
    status: "processed",
  };
}

export function encodeDeleted(id: string) {
  return { id, object: "file", deleted: true };
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000);
}
