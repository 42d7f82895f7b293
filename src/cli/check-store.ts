import type { LoadedConfig } from "../config/load.ts";
import { readStoreUrl, type StoreLocation } from "../store/location.ts";
import { inspectDatabase } from "../store/postgres/inspect-database.ts";
import { describePostgres } from "../store/postgres/read-url.ts";
import { inspectFile } from "../store/sqlite/inspect-file.ts";
import { reasonOf } from "../store/unavailable.ts";
import { unusableStore } from "./store-error.ts";

/** Whether things can be stored where they are to be; makes nothing there. */
export async function checkStore({
  config,
  isStoreChosen,
  place,
}: LoadedConfig): Promise<{ lines: string[]; ok: boolean }> {
  try {
    return { lines: [`✓ store: ${await inspect(readStoreUrl(config.store))}`], ok: true };
  } catch (error) {
    if (isStoreChosen)
      return { lines: [`✗ ${unusableStore(config.store, { error, place }).message}`], ok: false };
    const reason = reasonOf(error);
    return {
      lines: [`⚠ What is stored would be kept in memory and lost at the end: ${reason}`],
      ok: true,
    };
  }
}

/** Where it is. Rejects with what is wrong there. */
async function inspect(location: StoreLocation): Promise<string> {
  switch (location.kind) {
    case "memory":
      return "in memory";
    case "sqlite":
      inspectFile(location.path);
      return location.path;
    case "postgres":
      await inspectDatabase(location);
      return describePostgres(location);
  }
}
