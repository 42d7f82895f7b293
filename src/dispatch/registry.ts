import { ServeError } from "../core/error.ts";
import type { Backend, ModelDescription } from "../core/generation.ts";
import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import type { ModelSettings } from "./defaults.ts";

/** A model as clients see it, and where it is. */
export interface ServedModel extends ModelSettings {
  id: string;
  aliases: readonly string[];
  backend: Backend;
  /** The backend's own name for it. */
  target: string;
  ownedBy: string;
  /** Unix seconds; the same for as long as the server runs. */
  created: number;
  /** Name by which a tokenizer is chosen. */
  tokenModel: string;
  contextTokens?: number;
  isDefault?: boolean;
  /** For agents only. */
  isPrivate?: boolean;
}

export interface ModelRule extends ModelSettings {
  backend: string;
  target?: string;
  /** The backend knows of the rule: once it has said what it has, a model that it leaves out is not there. */
  isTold?: boolean;
  aliases?: readonly string[];
  tokenModel?: string;
  maxContextTokens?: number;
}

export interface RegistryOptions {
  backends: readonly Backend[];
  /** Models named by the operator, by public id. A backend with none of them serves what it says it has. */
  models: Readonly<Record<string, ModelRule>>;
  /** By backend, for its models that the operator did not name. */
  presets?: Readonly<Record<string, ModelSettings>>;
  defaultModel?: string;
  /** Public id of the first model of the default backend. */
  publicModel?: string;
  /** Id of the backend that came from the command line: its first model is the default. */
  defaultBackend?: string;
  tokenModel: string;
  maxContextTokens?: number;
  /** `created` of every model, in Unix seconds; now, if absent. */
  created?: number;
  /**
   * Where agents find a model that no backend has. A `target` other than the id says that the id names the place
   * itself, so that no backend can be meant. May throw a `ServeError`.
   */
  findElsewhere?: (id: string) => { backend: Backend; target: string } | undefined;
  /** Told of models that cannot be asked for, because another has their id. */
  log?: Log;
}

export interface Registry {
  readonly backends: readonly Backend[];
  /**
   * The model of that id or alias, or the default for `undefined`. One that the operator named is found also while its
   * backend leaves it out, which then says why. `agent` is the id of the agent that asks, absent for a client: it also
   * gets private models, and never itself. Rejects with `not_found` or `invalid_request`.
   */
  resolve(id: string | undefined, agent?: string): Promise<ServedModel>;
  /** Those that are there now, for clients. */
  list(): Promise<readonly ServedModel[]>;
  /** The model for requests that name none, as far as it is known. */
  default(): ServedModel | undefined;
}

/** A miss asks the backends again, but not more often than this. */
const refreshPauseMs = 1_000;
/** What backends say of their models is asked again after this, beside the request that notices. */
const staleMs = 60_000;
const askTimeoutMs = 5_000;
/** Models that an error names. */
const maxNamed = 20;

export function createRegistry(options: RegistryOptions): Registry {
  const { backends } = options;
  const created = options.created ?? Math.floor(Date.now() / 1000);
  const said = new Map<Backend, readonly ModelDescription[]>();
  const firstAnswers = new Map<Backend, Promise<void>>();
  let all: readonly ServedModel[] = [];
  let served: readonly ServedModel[] = [];
  let byId: ReadonlyMap<string, ServedModel> = new Map();
  let refreshedAt = -Infinity;
  let refreshing: Promise<void> | undefined;

  const rebuild = () => {
    const models = backends.flatMap((backend) =>
      modelsOf(backend, said.get(backend) ?? backend.presumed ?? [], options, created),
    );
    all = models;
    const open = models.filter(({ isPrivate }) => isPrivate !== true);
    byId = index(open);
    // Of two models with one id only the first can be asked for.
    served = open.filter((model) => byId.get(model.id) === model && isThere(model));
    for (const model of open) if (byId.get(model.id) !== model && isThere(model)) tellOfHidden(model);
  };
  const isThere = ({ id, backend, target }: ServedModel) => {
    const descriptions = said.get(backend);
    if (descriptions === undefined || options.models[id]?.isTold !== true) return true;
    return descriptions.some((description) => description.id === target);
  };
  const hidden = new Set<string>();
  const tellOfHidden = ({ id, backend }: ServedModel) => {
    const key = `${backend.id} ${id}`;
    if (hidden.has(key)) return;
    hidden.add(key);
    options.log?.warn("A model cannot be asked for: another has its id", {
      model: id,
      backend: backend.id,
      other: byId.get(id)?.backend.id,
    });
  };
  // A backend that cannot be asked now keeps what it said before.
  const ask = async (backend: Backend) => {
    // One that takes no notice of its signal is not waited for either.
    const descriptions = await within<readonly ModelDescription[] | undefined>(
      askTimeoutMs,
      (signal) => backend.models(signal),
      nothing,
    ).catch(nothing);
    if (descriptions === undefined) return;
    said.set(backend, descriptions);
    rebuild();
  };
  const firstAnswer = (backend: Backend) => {
    const known = firstAnswers.get(backend) ?? ask(backend);
    firstAnswers.set(backend, known);
    return known;
  };
  const askAll = async () => {
    await Promise.all(
      backends.map((backend) => (firstAnswers.has(backend) ? ask(backend) : firstAnswer(backend))),
    );
    refreshedAt = performance.now();
  };
  // Shared by all who wait for it.
  const refresh = async () => {
    refreshing ??= askAll().finally(() => {
      refreshing = undefined;
    });
    await refreshing;
  };
  const areAllKnown = () => backends.every((backend) => said.has(backend));
  const age = () => performance.now() - refreshedAt;

  const defaultModel = (): ServedModel | undefined => {
    if (options.defaultModel !== undefined) return byId.get(options.defaultModel);
    const chosen = served.find(({ isDefault }) => isDefault === true);
    if (chosen !== undefined) return chosen;
    if (options.defaultBackend === undefined) return served.length === 1 ? served[0] : undefined;
    return served.find((model) => model.backend.id === options.defaultBackend);
  };
  const isAgent = ({ backend }: ServedModel) => backend.isAgent === true;
  const findForAgent = (id: string | undefined, agent: string) => {
    const others = all.filter((model) => !isAgent(model) || (id !== undefined && model.id !== agent));
    if (id !== undefined) {
      return others.find((model) => model.id === id) ?? others.find(({ aliases }) => aliases.includes(id));
    }
    const model = defaultModel();
    return model !== undefined && !isAgent(model) ? model : others.length === 1 ? others[0] : undefined;
  };
  const find = (id: string | undefined, agent: string | undefined) => {
    if (agent !== undefined) return findForAgent(id, agent);
    return id === undefined ? defaultModel() : byId.get(id);
  };
  /** Of a provider that nobody configured: known by the name of its model. */
  const findElsewhere = (id: string | undefined, agent: string | undefined) => {
    const found = id === undefined || agent === undefined ? undefined : options.findElsewhere?.(id);
    if (id === undefined || found === undefined) return undefined;
    return toServed(found.backend, { id: found.target, ownedBy: found.backend.id }, {}, options, created, id);
  };

  rebuild();
  return {
    backends,
    async resolve(id, agent) {
      let model = find(id, agent);
      if (model !== undefined) {
        // The size of its context is among what a backend says of a model that the operator named.
        await firstAnswer(model.backend);
        model = find(id, agent);
        if (age() > staleMs) void refresh();
        if (model !== undefined) return model;
      }
      const elsewhere = attempt(() => findElsewhere(id, agent));
      // Prompts do not leave for a provider while the backend that they are meant for is yet to come up.
      if (elsewhere.found !== undefined && (elsewhere.found.target !== id || areAllKnown())) {
        if (age() > staleMs) void refresh();
        return elsewhere.found;
      }
      if (age() > refreshPauseMs) await refresh();
      model = find(id, agent);
      if (model === undefined && areAllKnown()) {
        if (elsewhere.error !== undefined) throw elsewhere.error;
        model = elsewhere.found;
      }
      if (model === undefined && agent !== undefined && areAllKnown()) throw missingFor(agent, id, all);
      return model ?? missing(id, options.defaultModel, areAllKnown());
    },
    async list() {
      if (age() > refreshPauseMs) await refresh();
      return served;
    },
    default: defaultModel,
  };
}

/** What `find` finds, or throws. */
function attempt<Found>(find: () => Found | undefined): { found?: Found; error?: unknown } {
  try {
    const found = find();
    return found === undefined ? {} : { found };
  } catch (error) {
    return { error };
  }
}

function nothing(): undefined {
  return undefined;
}

function missing(id: string | undefined, defaultModel: string | undefined, areAllKnown: boolean): never {
  if (!areAllKnown) {
    throw new ServeError("unavailable", "A backend has not said yet which models it has.", {
      code: "upstream_unavailable",
      param: "model",
      retryAfterSeconds: 1,
    });
  }
  if (id === undefined && defaultModel !== undefined) {
    throw new ServeError("not_found", "The default model is not served now.", {
      code: "model_not_found",
      param: "model",
    });
  }
  if (id === undefined) {
    throw new ServeError("invalid_request", "'model' is required, because no default model is configured.", {
      code: "missing_required_parameter",
      param: "model",
    });
  }
  throw new ServeError(
    "not_found",
    "The requested model does not exist. See GET /v1/models for those served.",
    {
      code: "model_not_found",
      param: "model",
    },
  );
}

/** What an agent asks for is the doing of its author: which model it is, is for the log. */
function missingFor(agent: string, id: string | undefined, models: readonly ServedModel[]): ServeError {
  const others = models.map((model) => model.id).filter((other) => other !== agent);
  const available = `Available: ${others.slice(0, maxNamed).join(", ") || "none"}`;
  const reason =
    id === undefined
      ? `Agent '${agent}' names no model, and there is not one that it must mean.`
      : id === agent
        ? `Agent '${agent}' asks for a model of its own name, which is not here.`
        : `Agent '${agent}' asks for the model '${id}', which is not here.`;
  return new ServeError("internal", "The agent asks for a model that is not served.", {
    code: "agent_model_not_found",
    shouldRetry: false,
    cause: new Error(`${reason} ${available}`),
  });
}

/** Those that the operator named on this backend; if there are none, those that it says it has. */
function modelsOf(
  backend: Backend,
  descriptions: readonly ModelDescription[],
  options: RegistryOptions,
  created: number,
): ServedModel[] {
  const rules = Object.entries(options.models).filter(([, rule]) => rule.backend === backend.id);
  if (rules.length === 0) {
    const isDefault = backend.id === options.defaultBackend || options.backends.length === 1;
    return descriptions.map((description, position) => ({
      ...toServed(backend, description, options.presets?.[backend.id] ?? {}, options, created),
      ...(position === 0 && isDefault && options.publicModel !== undefined
        ? { id: options.publicModel }
        : {}),
    }));
  }
  return rules.map(([id, rule], position) => {
    const target = rule.target ?? id;
    const own = descriptions.find((description) => description.id === target);
    // A server of one model calls it what it likes.
    const isOther = rule.isTold === true && descriptions !== backend.presumed;
    const mayBe = !isOther && (position === 0 || descriptions.length === 1);
    const description = own ?? (mayBe ? descriptions[0] : undefined);
    const { aliases = [], ...facts } = description ?? { ownedBy: backend.id };
    return toServed(
      backend,
      { ...facts, id: target, aliases: [...(rule.aliases ?? []), ...(position === 0 ? aliases : [])] },
      rule,
      options,
      created,
      id,
    );
  });
}

function toServed(
  backend: Backend,
  description: ModelDescription,
  rule: Omit<ModelRule, "backend">,
  options: RegistryOptions,
  created: number,
  id = description.id,
): ServedModel {
  const contextTokens = rule.maxContextTokens ?? options.maxContextTokens ?? description.contextTokens;
  return {
    id,
    aliases: description.aliases ?? [],
    backend,
    target: description.id,
    ownedBy: description.ownedBy,
    created,
    tokenModel: rule.tokenModel ?? options.tokenModel,
    ...(description.isDefault === true && { isDefault: true }),
    ...((backend.isPrivate === true || description.isPrivate === true) && { isPrivate: true }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(rule.defaults === undefined ? {} : { defaults: rule.defaults }),
    ...(rule.overrides === undefined ? {} : { overrides: rule.overrides }),
  };
}

/** Ids win over aliases; of two models with one name the first has it. */
function index(models: readonly ServedModel[]): Map<string, ServedModel> {
  const byId = new Map<string, ServedModel>();
  for (const model of models) if (!byId.has(model.id)) byId.set(model.id, model);
  for (const model of models) {
    for (const alias of model.aliases) if (!byId.has(alias)) byId.set(alias, model);
  }
  return byId;
}
