import { ServeError } from "../../../src/core/error.ts";
import { createListener } from "../../../src/http/listener.ts";
import { createServer } from "../../../src/server.ts";
import { createStore } from "../../../src/store/create-store.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { memoryLog } from "../../support/calls.ts";

export interface DocsServer {
  url: string;
  /** What everything but the documentation needs. */
  headers: { authorization: string };
  stop(): Promise<void>;
}

/** The whole server, on a free port, with nothing behind it: documentation needs no backend. */
export function startDocsServer(version: string): DocsServer {
  const key = "a-key-that-documentation-does-not-need";
  const log = createLog({ format: "json", level: "error", write: () => {}, maxChars: 1_000 });
  const handler = createServer({
    surfaces: {
      generate: noBackend,
      countTokens: noBackend,
      embed: noBackend,
      tokenize: noBackend,
      spell: noBackend,
      detokenize: noBackend,
      strict: false,
      conversations: {
        open: noBackend,
        enter: noBackend,
        append: noBackend,
        begin: noBackend,
        fit: noBackend,
      },
      records: createStore("memory:", memoryLog()).records,
      bodyLimits: { maxBodyBytes: 1_000_000, maxJsonDepth: 32, maxJsonValues: 524_288, bodyTimeoutMs: 1_000 },
      maxFileBytes: 1_000,
      batchCreated() {},
      maxMessages: 100,
      headStartMs: 1_000,
      stream: { keepAliveMs: 0, stallMs: 1_000 },
    },
    models: {
      list: () => Promise.resolve([]),
      resolve: () => Promise.reject(new ServeError("not_found", "There is no model.")),
    },
    ops: {
      version,
      backends: [],
      isDraining: () => false,
      probeStore: () => Promise.resolve(),
      models: () => Promise.resolve({ ids: [], defaultId: undefined }),
    },
    keys: [key],
    origins: [],
    log,
  });
  const listener = createListener(handler, {
    host: "127.0.0.1",
    port: 0,
    maxBodyBytes: 1_000_000,
    maxFileBytes: 1,
  });
  const { url } = listener.listen();
  return { url, headers: { authorization: `Bearer ${key}` }, stop: () => listener.stop() };
}

function noBackend(): Promise<never> {
  return Promise.reject(new ServeError("unavailable", "There is no backend."));
}
