import { Database } from "bun:sqlite";
import { accessSync, constants, existsSync, mkdtempSync, rmdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { assertOurs } from "./migrate.ts";

/** Throws what would keep a store from being opened, and leaves everything as it is. */
export function inspectFile(path: string): void {
  if (!existsSync(path)) {
    rmdirSync(mkdtempSync(join(nearestFolder(resolve(path)), ".oai-serve-")));
    return;
  }
  accessSync(path, constants.R_OK | constants.W_OK);
  const database = new Database(path, { readonly: true });
  try {
    assertOurs(database);
  } finally {
    database.close();
  }
}

/** The first above `path` that is there; those between are made with the file. */
function nearestFolder(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) || folder === path ? folder : nearestFolder(folder);
}
