import { ServeError } from "../../core/error.ts";
import type { Inspection, ModelDescription } from "../../core/generation.ts";
import type { Log } from "../../core/log.ts";
import { describeModel, describeServer } from "./detect/describe.ts";
import { detectDialect, isAnyserve } from "./detect/detect-dialect.ts";
import { discover } from "./detect/discover.ts";
import type { Discovery } from "./detect/discover.ts";
import type { DialectName, ModelProfile } from "./dialects/dialect.ts";
import { askFacts, isModelId } from "./facts.ts";
import { modelFacts } from "./inspect.ts";
import { createModel, type KserveModel, notText } from "./model.ts";
import type { ModelSettings } from "./settings.ts";
import type { StreamRoutes } from "./stream-routes.ts";
import type { Transport } from "./transport/transport.ts";

/** A model that the operator named. */
export interface NamedModel {
  target: string;
  settings: ModelSettings;
}

export interface CatalogOptions {
  id: string;
  transport: Transport;
  log: Log;
  /** By public id. */
  named: ReadonlyMap<string, NamedModel>;
  /** For models that the operator did not name. */
  settings: ModelSettings;
  /** The model's name, for a server that does not list its models. */
  modelName: string | undefined;
  createRoutes(dialect: DialectName): StreamRoutes;
}

/** What the server has, as far as it was asked. */
export interface Catalog {
  /** The model behind an id; asks the server when it is not known. Rejects with `ServeError`. */
  find(id: string): Promise<KserveModel>;
  /** Has the server asked again with the next `find`; for when a call says that the model is not what it was. */
  forget(id: string): void;
  /** Models that the server has ready. Rejects with `ServeError` when it cannot be asked. */
  list(signal: AbortSignal): Promise<readonly ModelDescription[]>;
  /** What the server is and has. Rejects as `list` does. */
  inspect(signal: AbortSignal): Promise<Inspection>;
}

/** Ids under which AnyServe's one model answers where nothing else is known. */
export const seedModelId = "llamacpp";

export function createCatalog(options: CatalogOptions): Catalog {
  const { transport, log, named, settings } = options;
  const known = new Map<string, KserveModel>();
  const stale = new Set<string>();
  const asking = new Map<string, Promise<KserveModel>>();

  const namedOf = (id: string): NamedModel => named.get(id) ?? { target: id, settings };

  /** Keeps what is known as long as nothing changed: routes remember what they learnt. */
  function remember(id: string, profile: ModelProfile, dialect: DialectName): KserveModel {
    const old = known.get(id);
    stale.delete(id);
    if (old !== undefined && old.dialect.name === dialect && Bun.deepEquals(old.profile, profile)) return old;
    const model = createModel(profile, dialect, namedOf(id).settings, options.createRoutes(dialect));
    known.set(id, model);
    log.info(old === undefined ? "found a model" : "a model has changed", {
      backend: options.id,
      model: id,
      dialect,
      template: model.template.name,
    });
    return model;
  }

  async function ask(id: string): Promise<KserveModel> {
    const { target, settings: own } = namedOf(id);
    // AnyServe knows no metadata: it would answer for any name.
    if (own.dialect === "anyserve") return remember(id, { name: target }, "anyserve");
    // Nobody's signal: others may wait for the same answer.
    const signal = new AbortController().signal;
    const [server, profile] = await Promise.all([
      describeServer(transport, signal),
      describeModel(transport, target, signal),
    ]);
    if (own.dialect !== "auto") return remember(id, profile, own.dialect);
    const dialect = detectDialect(server, profile) ?? (own.dialectOptions.tensors && "generic");
    if (dialect === undefined) throw notText();
    return remember(id, profile, dialect);
  }

  function askOnce(id: string): Promise<KserveModel> {
    const running = asking.get(id) ?? ask(id).finally(() => asking.delete(id));
    asking.set(id, running);
    return running;
  }

  async function listAnyserve(signal: AbortSignal): Promise<readonly ModelDescription[]> {
    const id = options.modelName ?? seedModelId;
    const model = remember(id, { name: id }, "anyserve");
    const facts = await askFacts(transport, model.dialect.facts, signal);
    const own = isModelId(facts.name) ? facts.name : id;
    if (own !== id) remember(own, { name: own }, "anyserve");
    return [describe(own, model, facts.contextTokens, [seedModelId])];
  }

  async function listNamed(signal: AbortSignal): Promise<ModelDescription[]> {
    const found = await Promise.all(
      [...named.keys()].map(async (id) => {
        try {
          const model = await askOnce(id);
          const facts = await askFacts(transport, model.dialect.facts, signal);
          return describe(id, model, facts.contextTokens);
        } catch (error) {
          // One that the server does not have now is not listed; a server that cannot be asked is a failure.
          if (error instanceof ServeError && error.kind === "not_found") return undefined;
          throw error;
        }
      }),
    );
    return found.filter((description) => description !== undefined);
  }

  function listDiscovered({ models }: Discovery): ModelDescription[] {
    return models
      .filter(({ profile }) => isModelId(profile.name))
      .map(({ profile, dialect }) => {
        const { settings: own } = namedOf(profile.name);
        const name = own.dialect === "auto" ? dialect : own.dialect;
        return describe(profile.name, remember(profile.name, profile, name));
      });
  }

  let skipped: Discovery["skipped"] = [];

  async function list(signal: AbortSignal): Promise<readonly ModelDescription[]> {
    if (settings.dialect === "anyserve" && named.size === 0) return await listAnyserve(signal);
    if (named.size > 0) return await listNamed(signal);
    const discovery = await discover(transport, signal);
    skipped = discovery.skipped;
    if (isAnyserve(discovery.server)) return await listAnyserve(signal);
    return listDiscovered(discovery);
  }

  return {
    find: async (id) => (stale.has(id) ? undefined : known.get(id)) ?? (await askOnce(id)),
    forget: (id) => void stale.add(id),
    list,
    async inspect(signal) {
      const [models, server] = await Promise.all([list(signal), describeServer(transport, signal)]);
      return {
        ...(server === undefined ? {} : { server: `${server.name} ${server.version}`.trim() }),
        models: models.flatMap(({ id }) => {
          const model = known.get(id);
          return model === undefined ? [] : [{ id, facts: modelFacts(model) }];
        }),
        skipped,
      };
    },
  };
}

function describe(
  id: string,
  model: KserveModel,
  contextTokens = 0,
  aliases: readonly string[] = [],
): ModelDescription {
  return {
    id,
    ownedBy: model.dialect.ownedBy,
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(contextTokens > 0 ? { contextTokens } : {}),
  };
}
