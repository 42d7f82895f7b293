import { ConfigError } from "../core/error.ts";
import { type PostgresLocation, readPostgresUrl } from "./postgres/read-url.ts";

/** Where a store is, as its URL says. */
export type StoreLocation =
  | { kind: "memory" }
  | { kind: "sqlite"; path: string; durability: Durability }
  | PostgresLocation;

/** What a power cut may take of what was acknowledged: the last moments, or nothing. A killed process loses nothing. */
export type Durability = "normal" | "full";

/**
 * Reads `memory:`, `sqlite:PATH`, with `?durability=full` at its end if each write is to reach the disk before it is
 * acknowledged, or `postgres://…` as `readPostgresUrl` does. Throws `ConfigError`, whose text leaves out the URL: it may hold a password.
 */
export function readStoreUrl(url: string): StoreLocation {
  if (url === "memory:" || url === "memory") return { kind: "memory" };
  if (/^postgres(ql)?:/i.test(url)) return readPostgresUrl(url);
  const [, path = "", options] = /^sqlite:(?:\/\/(?=\/))?([^?]*)(?:\?(.*))?$/.exec(url) ?? [];
  if (path === "" || path.includes("\0")) {
    throw new ConfigError(
      "store: write 'sqlite:PATH' with the path of a file, 'postgres://USER:PASSWORD@HOST:PORT/DATABASE', or 'memory:'.",
    );
  }
  if (path === ":memory:") throw new ConfigError("store: for a store in memory, write 'memory:'.");
  return { kind: "sqlite", path, durability: readDurability(options) };
}

function readDurability(options: string | undefined): Durability {
  if (options === undefined) return "normal";
  const [, durability] = /^durability=(normal|full)$/.exec(options) ?? [];
  if (durability === "normal" || durability === "full") return durability;
  throw new ConfigError("store: after '?' only 'durability=full' or 'durability=normal' can stand.");
}
