import type { Backend } from "../../src/core/generation.ts";
import type { Log } from "../../src/core/log.ts";
import { type AdmissionLimits, createAdmission } from "../../src/dispatch/admission.ts";
import type { Timeouts } from "../../src/dispatch/deadlines.ts";
import { createCountTokens } from "../../src/dispatch/count-tokens.ts";
import { createDispatch } from "../../src/dispatch/dispatch.ts";
import { createEmbed } from "../../src/dispatch/embed.ts";
import { createRegistry, type RegistryOptions } from "../../src/dispatch/registry.ts";
import { createTokenize } from "../../src/dispatch/tokenize.ts";
import { createSchemaChecker } from "../../src/json-schema/checker.ts";
import type { Handler } from "../../src/http/handler.ts";
import { createListener } from "../../src/http/listener.ts";
import { createServer } from "../../src/server.ts";
import { createStore } from "../../src/store/create-store.ts";
import type { RecordStore } from "../../src/store/records.ts";
import { type Conversations, createConversations } from "../../src/api/common/conversation/conversations.ts";
import { createExchangeLog } from "../../src/telemetry/exchange.ts";
import { memoryLog } from "./calls.ts";
import { type CharacterTokens, characterTokens } from "./character-tokens.ts";

export interface AppOptions extends Partial<Omit<RegistryOptions, "backends">> {
  keys?: readonly string[];
  headStartMs?: number;
  keepAliveMs?: number;
  limits?: Partial<AdmissionLimits>;
  timeouts?: Partial<Timeouts>;
  maxRepairs?: number;
  strict?: boolean;
  isDraining?: () => boolean;
  probeStore?: () => Promise<void>;
  conversations?: Conversations;
  /** Those of a store in memory if absent. */
  records?: RecordStore;
  batchCreated?: () => void;
}

export interface App extends AsyncDisposable {
  url: string;
  tokens: CharacterTokens;
  handler: Handler;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
}

/** The whole server but for drivers, configuration and tokenizer, on a free port of this machine. */
export function startApp(backends: readonly Backend[], options: AppOptions = {}): App {
  const log = memoryLog();
  const tokens = characterTokens();
  const registry = createRegistry({ models: {}, tokenModel: "gpt-4", ...options, backends });
  const strict = options.strict ?? false;
  const deps = {
    registry,
    admission: createAdmission({ maxConcurrency: 64, maxQueue: 64, ...options.limits }),
    tokens,
    maxPromptBytes: 2 << 20,
    strict,
    timeouts: { firstTokenMs: 0, betweenTokensMs: 0, totalMs: 0, ...options.timeouts },
  };
  const generate = createDispatch({
    ...deps,
    schemas: createSchemaChecker(log),
    maxRepairs: options.maxRepairs ?? 2,
    maxDepth: 8,
    observe: () => ({ events() {}, end() {}, failed() {} }),
  });
  const maxBodyBytes = 1 << 20;
  const maxFileBytes = 4 << 20;
  const records = options.records ?? createStore("memory:", log).records;
  const handler = createServer({
    surfaces: {
      generate,
      countTokens: createCountTokens(deps),
      embed: createEmbed({ ...deps, exchange: (context) => createExchangeLog(context.log, "off") }),
      ...createTokenize(registry, tokens),
      strict,
      records,
      conversations: options.conversations ?? noAgents(records, log),
      bodyLimits: { maxBodyBytes, maxJsonDepth: 128, maxJsonValues: 524_288, bodyTimeoutMs: 10_000 },
      maxFileBytes,
      batchCreated: () => options.batchCreated?.(),
      maxMessages: 100,
      headStartMs: options.headStartMs ?? 60_000,
      stream: { keepAliveMs: options.keepAliveMs ?? 0, stallMs: 60_000 },
    },
    models: registry,
    ops: {
      version: "0.0.0-test",
      backends,
      isDraining: options.isDraining ?? (() => false),
      probeStore: options.probeStore ?? (async () => {}),
      async models() {
        const models = await registry.list();
        return { ids: models.map(({ id }) => id), defaultId: registry.default()?.id };
      },
    },
    keys: options.keys ?? [],
    origins: [],
    log,
  });
  const listener = createListener(handler, { host: "127.0.0.1", port: 0, maxBodyBytes, maxFileBytes });
  const { url } = listener.listen();
  return {
    url,
    tokens,
    handler,
    get: (path, headers = {}) => fetch(`${url}${path}`, { headers }),
    post: (path, body, init = {}) =>
      fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body), ...init }),
    [Symbol.asyncDispose]: () => listener.stop(),
  };
}

/** Conversations that only those surfaces have which name them. */
function noAgents(store: RecordStore, log: Log): Conversations {
  return createConversations({
    store,
    limits: { maxMessages: 1_000, maxBytes: 1 << 20 },
    countTokens: async (messages) => messages.map(() => 1),
    agentOf: async () => undefined,
    log,
  });
}

/** The JSON of an answer, with the type that the test expects of it. */
export async function jsonOf<Body>(response: Response): Promise<Body> {
  return JSON.parse(await response.text());
}
