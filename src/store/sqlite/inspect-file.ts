import { constants as modes, Database } from "bun:sqlite";
import { accessSync, constants, existsSync, mkdtempSync, rmdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { assertOurs } from "./migrate.ts";

/** Throws what would keep a store from being opened, and leaves everything as it is. */
export function inspectFile(path: string): void {
  if (!existsSync(path)) {
    rmdirSync(mkdtempSync(join(nearestFolder(resolve(path)), ".oai-serve-")));
    return;
  }
  accessSync(path, constants.R_OK | constants.W_OK);
  const database = openAsItIs(path);
  try {
    assertOurs(database);
  } finally {
    database.close();
  }
}

/** Who reads a file with a journal makes one, which would stay, and be of another user's than the store. */
function openAsItIs(path: string): Database {
  if (existsSync(`${path}-wal`)) return new Database(path, { readonly: true });
  const url = `${pathToFileURL(path).href}?immutable=1`;
  return new Database(url, modes.SQLITE_OPEN_READONLY | modes.SQLITE_OPEN_URI);
}

/** The first above `path` that is there; those between are made with the file. */
function nearestFolder(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) || folder === path ? folder : nearestFolder(folder);
}
