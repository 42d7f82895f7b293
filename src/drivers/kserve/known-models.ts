import type { Log } from "../../core/log.ts";
import { describeModel, describeServer } from "./detect/describe.ts";
import { detectDialect } from "./detect/detect-dialect.ts";
import type { DialectName, ModelProfile } from "./dialects/dialect.ts";
import { createModel, isTemplateUnknown, type KserveModel, notText } from "./model.ts";
import type { ModelSettings } from "./settings.ts";
import type { StreamRoutes } from "./stream-routes.ts";
import type { Transport } from "./transport/transport.ts";

/** A model that the operator named. */
export interface NamedModel {
  target: string;
  settings: ModelSettings;
}

export interface KnownModelsOptions {
  /** Of the backend, for the log. */
  id: string;
  transport: Transport;
  log: Log;
  /** By public id. */
  named: ReadonlyMap<string, NamedModel>;
  /** For models that the operator did not name. */
  settings: ModelSettings;
  createRoutes(dialect: DialectName): StreamRoutes;
}

/** Models by the id under which the backend serves them, as the server described them last. */
export interface KnownModels {
  /** The model behind an id; asks the server when it is not known. Rejects with `ServeError`. */
  find(id: string): Promise<KserveModel>;
  /** Asks the server in any case; those who ask at the same time share the answer. Rejects as `find` does. */
  ask(id: string): Promise<KserveModel>;
  /** Has the server asked again with the next `find`. */
  forget(id: string): void;
  /** Keeps what is known as long as nothing changed: routes remember what they learnt. */
  remember(id: string, profile: ModelProfile, dialect: DialectName): KserveModel;
  /** Drops all but `ids` and those that the operator named. */
  retain(ids: ReadonlySet<string>): void;
  /** Without asking. */
  get(id: string): KserveModel | undefined;
  settingsOf(id: string): ModelSettings;
}

export function createKnownModels(options: KnownModelsOptions): KnownModels {
  const { transport, log, named, settings } = options;
  const known = new Map<string, KserveModel>();
  const stale = new Set<string>();
  const asking = new Map<string, Promise<KserveModel>>();

  const namedOf = (id: string): NamedModel => named.get(id) ?? { target: id, settings };

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
    if (old === undefined && isTemplateUnknown(model)) {
      log.warn(
        "a model's chat template is not known, and conversations go to it in a plain form; set `template`",
        {
          backend: options.id,
          model: id,
        },
      );
    }
    return model;
  }

  async function askServer(id: string): Promise<KserveModel> {
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

  function ask(id: string): Promise<KserveModel> {
    const running = asking.get(id) ?? askServer(id).finally(() => asking.delete(id));
    asking.set(id, running);
    return running;
  }

  return {
    find: async (id) => (stale.has(id) ? undefined : known.get(id)) ?? (await ask(id)),
    ask,
    forget: (id) => void stale.add(id),
    remember,
    retain(ids) {
      for (const id of known.keys()) {
        if (ids.has(id) || named.has(id)) continue;
        known.delete(id);
        stale.delete(id);
      }
    },
    get: (id) => known.get(id),
    settingsOf: (id) => namedOf(id).settings,
  };
}
