import { asFields } from "../agents/kit/names.ts";
import type { ListenOptions, ServerOptions } from "../agents/kit/server.ts";
import type { Flags } from "../config/given.ts";

/** Throws an `Error` for what are no options of a server. */
export function assertServerOptions(options: ServerOptions): void {
  const { store, apiKeys, log, environment } = asFields(
    options,
    ["store", "apiKeys", "environment", "log"],
    "What createServer is told",
  );
  if (store !== undefined && typeof store !== "string") throw new Error("store: has to be a text.");
  if (apiKeys !== undefined && !isTexts(apiKeys)) {
    throw new Error("apiKeys: has to be an array of one or more keys; leave it out to serve everyone.");
  }
  if (environment !== undefined && (typeof environment !== "object" || environment === null)) {
    throw new Error("environment: has to be an object.");
  }
  if (log === undefined || log === "pretty" || log === "json") return;
  if (typeof log !== "boolean" && typeof log !== "function") {
    throw new Error("log: has to be true, false, 'pretty', 'json' or a function.");
  }
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string");
}

/** What a command line would say. */
export function toFlags({ store, apiKeys, log }: ServerOptions, listen: ListenOptions): Flags {
  asFields(listen, ["port", "host"], "What listen is told");
  const { port, host } = listen;
  const format = typeof log === "function" ? "json" : log;
  return {
    ...(host !== undefined && host !== "" && { "--host": [host] }),
    ...(port !== undefined && { "--port": [String(port)] }),
    ...(store !== undefined && { "--store": [store] }),
    ...(apiKeys !== undefined && { "--api-key": apiKeys }),
    ...(typeof format === "string" && { "--log-format": [format] }),
  };
}

const options = { "--port": "port", "--host": "host", "--store": "store", "--api-key": "apiKeys" } as const;

/** An error that names options of a server in place of flags. */
export function namingOptions(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const message = Object.entries(options).reduce(
    (text, [flag, option]) => text.replaceAll(new RegExp(`(?<=^\\s*)${flag}(?=[:\\s])`, "gm"), option),
    error.message,
  );
  return message === error.message ? error : new Error(message, { cause: error });
}
