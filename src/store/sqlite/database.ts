import { Database } from "bun:sqlite";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { Durability } from "../location.ts";
import { migrate } from "./migrate.ts";

/** Longest wait for another process that writes. */
export const busyMs = 5_000;
/** The journal is cut back to this after a large transaction. */
const maxJournalBytes = 67_108_864;

/**
 * Opens the file, which is made if it is not there, readable for its owner alone, and brings it to the present form.
 * Throws what is wrong with it: not reachable, not a database, not ours, of a later version.
 */
export function openDatabase(path: string, durability: Durability): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // SQLite gives its journals the rights of the file.
  closeSync(openSync(path, "a", 0o600));
  const database = new Database(path, { readwrite: true, create: true, strict: true });
  try {
    database.run(`PRAGMA busy_timeout = ${busyMs}`);
    database.run("PRAGMA foreign_keys = ON");
    // Only a file without tables takes this: room that is freed can be given back in small pieces.
    database.run("PRAGMA auto_vacuum = INCREMENTAL");
    database.run("PRAGMA journal_mode = WAL");
    database.run(`PRAGMA journal_size_limit = ${maxJournalBytes}`);
    // What is deleted is overwritten in pages that stay; those that are free go back to the file system.
    database.run("PRAGMA secure_delete = FAST");
    // In WAL, NORMAL survives a killed process, and FULL also a power cut.
    database.run(`PRAGMA synchronous = ${durability === "full" ? "FULL" : "NORMAL"}`);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
