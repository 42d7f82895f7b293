import { ServeError } from "../../core/error.ts";
import type { Inspection, ModelDescription } from "../../core/generation.ts";
import { mapAtMost } from "../../core/map-at-most.ts";
import { describeServer } from "./detect/describe.ts";
import { isAnyserve } from "./detect/detect-dialect.ts";
import { discover, type Discovery, isOfServer } from "./detect/discover.ts";
import { createDiscoveryMemory } from "./detect/memory.ts";
import { askFacts, isModelId } from "./facts.ts";
import { modelFacts } from "./inspect.ts";
import { createKnownModels, type KnownModelsOptions } from "./known-models.ts";
import type { KserveModel } from "./model.ts";
import { isModelReady } from "./ready.ts";

export interface CatalogOptions extends KnownModelsOptions {
  /** The model's name, for a server that does not list its models. */
  modelName: string | undefined;
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

const callsAtOnce = 8;

/** Ids under which AnyServe's one model answers where nothing else is known. */
export const seedModelId = "llamacpp";

export function createCatalog(options: CatalogOptions): Catalog {
  const { transport, named, settings, modelName } = options;
  const models = createKnownModels(options);
  const memory = createDiscoveryMemory(() => performance.now());

  async function listAnyserve(signal: AbortSignal): Promise<readonly ModelDescription[]> {
    const id = modelName ?? seedModelId;
    const model = models.remember(id, { name: id }, "anyserve");
    const facts = await askFacts(transport, model.dialect.facts, signal);
    const own = isModelId(facts.name) ? facts.name : id;
    if (own !== id) models.remember(own, { name: own }, "anyserve");
    return [describe(own, model, facts.contextTokens, [seedModelId])];
  }

  /** Those of `ids` that the server has ready; one that it has not is no failure. */
  async function listById(ids: Iterable<string>, signal: AbortSignal): Promise<ModelDescription[]> {
    const found = await mapAtMost(callsAtOnce, [...ids], async (id) => {
      try {
        const model = await models.ask(id);
        // AnyServe has no names of models, and says what it has with its facts.
        const isNamed = model.dialect.name !== "anyserve";
        if (isNamed && !(await isModelReady(transport, model.target, signal))) return undefined;
        const facts = await askFacts(transport, model.dialect.facts, signal);
        return describe(
          id,
          model,
          facts.contextTokens,
          model.dialect.name === "anyserve" ? [seedModelId] : [],
        );
      } catch (error) {
        if (isAway(error)) return undefined;
        throw error;
      }
    });
    return found.filter((description) => description !== undefined);
  }

  function listDiscovered({ models: discovered }: Discovery): ModelDescription[] {
    models.retain(new Set(discovered.map(({ profile }) => profile.name)));
    return discovered
      .filter(({ profile }) => isModelId(profile.name))
      .map(({ profile, dialect }) => {
        const own = models.settingsOf(profile.name);
        const name = own.dialect === "auto" ? dialect : own.dialect;
        return describe(profile.name, models.remember(profile.name, profile, name));
      });
  }

  async function list(signal: AbortSignal): Promise<readonly ModelDescription[]> {
    if (named.size > 0) return await listById(named.keys(), signal);
    if (settings.dialect === "anyserve") return await listAnyserve(signal);
    const discovery = await discover(transport, signal, "ready", memory);
    if (isAnyserve(discovery.server)) return await listAnyserve(signal);
    if (!discovery.listsModels && modelName !== undefined) return await listById([modelName], signal);
    return listDiscovered(discovery);
  }

  return {
    find: (id) => models.find(id),
    forget(id) {
      memory.drop(id);
      models.forget(id);
    },
    list,
    async inspect(signal) {
      const [served, server, all] = await Promise.all([
        list(signal),
        describeServer(transport, signal),
        // Models that the operator named are served also where the server keeps its list to itself.
        discover(transport, signal, "all").catch(() => undefined),
      ]);
      return {
        ...(server === undefined ? {} : { server: `${server.name} ${server.version}`.trim() }),
        ...(all?.listsModels === true ? { listed: namesOf(all) } : {}),
        models: served.flatMap(({ id }) => {
          const model = models.get(id);
          return model === undefined ? [] : [{ id, facts: modelFacts(model) }];
        }),
        skipped: all?.skipped ?? [],
      };
    },
  };
}

/** Whether the server says that it does not have the model now, and nothing is wrong with the server itself. */
function isAway(error: unknown): boolean {
  if (!(error instanceof ServeError)) return false;
  return error.kind === "not_found" || (error.kind === "unavailable" && !isOfServer(error));
}

function namesOf({ models, skipped }: Discovery): string[] {
  return [...models.map(({ profile }) => profile.name), ...skipped.map(({ name }) => name)];
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
