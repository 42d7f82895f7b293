import type { FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import { isRecord } from "../../core/json.ts";
import type { FileReadFile } from "../config/tool-schema.ts";
import type { AgentTool } from "../kit/tool.ts";
import { openBeneath, type OpenBeneath } from "./open-beneath.ts";
import { bytesOf } from "./settings.ts";

const standardMaxBytes = 1_048_576;

/** Reads text files of one folder. Without `settings` it says that the operator has to name one. */
export function createFileRead(
  settings: FileReadFile | undefined,
  open: OpenBeneath = openBeneath,
): AgentTool {
  const root = settings && resolve(settings.root);
  const maxBytes = bytesOf(settings?.max_bytes, standardMaxBytes);
  return {
    name: "file_read",
    description: "Reads a text file of the folder that the operator allows.",
    parameters: {
      type: "object",
      properties: {
        path: { type: "string", description: "Below the folder, such as notes/today.md." },
        offset: {
          type: "integer",
          minimum: 0,
          description: "Bytes to leave out at the beginning; 0 unless told.",
        },
        limit: { type: "integer", minimum: 1, description: `Most bytes to read, at most ${maxBytes}.` },
      },
      required: ["path"],
      additionalProperties: false,
    },
    async execute(args) {
      if (root === undefined) throw new Error(closed);
      const { path, offset = 0, limit = maxBytes } = isRecord(args) ? args : {};
      const steps = toSteps(path);
      const part = { offset: toCount(offset), limit: Math.min(toCount(limit), maxBytes) };
      const file = await open(root, steps).catch(explain);
      try {
        return await readText(file, part).catch(explain);
      } finally {
        await file.close();
      }
    },
  };
}

const closed =
  "No file may be read: the operator has to name a folder under tools.file_read.root in the configuration.";

/** Names of folders, and of the file at the end. Throws for everything that a path below a folder need not have. */
function toSteps(path: unknown): [string, ...string[]] {
  if (typeof path !== "string" || path === "" || path.length > 4_096) throw badPath();
  if (/[\\\p{Cc}]|%(2e|2f|5c|00|25)/iu.test(path) || /^[/~]|^[a-z]:/i.test(path)) throw badPath();
  const [first, ...others] = path.split("/").filter((step) => step !== ".");
  if (first === undefined || others.length > 64) throw badPath();
  const steps: [string, ...string[]] = [first, ...others];
  if (steps.some((step) => step === "" || step === ".." || step.length > 255)) throw badPath();
  return steps;
}

function badPath(): Error {
  return new Error(
    "The path must be that of a file below the folder, such as notes/today.md: no '..', no '\\'.",
  );
}

function toCount(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error("offset and limit must be whole numbers.");
}

async function readText(
  file: FileHandle,
  { offset, limit }: { offset: number; limit: number },
): Promise<string> {
  const stat = await file.stat();
  if (stat.isDirectory()) throw new Error("That is a folder, not a file.");
  if (!stat.isFile()) throw new Error("That is not a regular file.");
  // No more than the file says it has: what a device or the kernel makes up has no size.
  const start = Math.min(offset, stat.size);
  const bytes = await readBytes(file, start, Math.min(limit, stat.size - start));
  if (bytes.includes(0)) throw new Error("That is not a text file.");
  const isCut = start + bytes.length < stat.size;
  const { text, skipped, end } = decode(bytes, start > 0, isCut);
  if (start + skipped === 0 && !isCut) return text;
  const range = `Bytes ${start + skipped} to ${start + end} of ${stat.size}`;
  return `${text}\n[${range}${isCut ? `; the next part is at offset ${start + end}` : ""}.]`;
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let size = 0;
  while (size < length) {
    const { bytesRead } = await file.read(bytes, size, length - size, position + size);
    if (bytesRead === 0) break;
    size += bytesRead;
  }
  return bytes.subarray(0, size);
}

/** Without the parts of characters at those ends that are not the file's. */
function decode(
  bytes: Uint8Array,
  isCutBefore: boolean,
  isCutBehind: boolean,
): { text: string; skipped: number; end: number } {
  let skipped = 0;
  if (isCutBefore) while (skipped < 3 && ((bytes[skipped] ?? 0) & 0xc0) === 0x80) skipped++;
  let end = bytes.length;
  if (isCutBehind) {
    let lead = end - 1;
    while (lead > end - 4 && lead > skipped && ((bytes[lead] ?? 0) & 0xc0) === 0x80) lead--;
    if (lead > skipped && lead + lengthOf(bytes[lead] ?? 0) > end) end = lead;
  }
  return { text: new TextDecoder().decode(bytes.subarray(skipped, end)), skipped, end };
}

/** Bytes of the character of UTF-8 that starts with `lead`. */
function lengthOf(lead: number): number {
  if (lead < 0xc0) return 1;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file.",
  ENOTDIR: "There is no such file, or a link is on the way: links are not followed.",
  ELOOP: "A link is on the way: links are not followed.",
  EACCES: "The file may not be read.",
  EPERM: "The file may not be read.",
  ENXIO: "That is not a regular file.",
  EISDIR: "That is a folder, not a file.",
  ENAMETOOLONG: "There is no such file.",
};

/** The system's error in words that name no folder of this machine. */
function explain(error: unknown): never {
  if (!(error instanceof Error) || !("code" in error)) throw error;
  throw new Error(reasons[String(error.code)] ?? "The file cannot be read.", { cause: error });
}
