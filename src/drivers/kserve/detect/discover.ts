import { ServeError } from "../../../core/error.ts";
import { mapAtMost } from "../../../core/map-at-most.ts";
import { decodeRepositoryIndex } from "../codec/decode-server.ts";
import { encodeRepositoryIndexRequest } from "../codec/encode-server.ts";
import type { RepositoryModel, ServerMetadata } from "../codec/messages.ts";
import type { DialectName, ModelProfile } from "../dialects/dialect.ts";
import { readFailureText } from "../failure-texts.ts";
import { answerWithin } from "../probe.ts";
import { rpcPath } from "../service.ts";
import { GrpcError } from "../transport/transport.ts";
import type { Transport } from "../transport/transport.ts";
import { askIfThere } from "./ask.ts";
import { describeModel, describeServer } from "./describe.ts";
import { detectDialect } from "./detect-dialect.ts";

export interface DiscoveredModel {
  profile: ModelProfile;
  dialect: DialectName;
  /** `READY`, or empty when the server does not say. */
  state: string;
}

/** What a server has. */
export interface Discovery {
  /** Absent when the server says nothing of itself. */
  server?: ServerMetadata;
  models: readonly DiscoveredModel[];
  /** Models that are not served, with a reason for the operator. */
  skipped: readonly { name: string; reason: string }[];
  /** Whether the server has a list of its models; if not, they must be named. */
  listsModels: boolean;
}

const callsAtOnce = 8;
const maxModels = 1_000;
const timeoutMs = 30_000;

/** A model that was looked at: how it is spoken to, or why it is not served. */
export type Looked = DiscoveredModel | string;

/** What earlier discoveries found: models need not be described again while their entry in the list is the same. */
export interface DiscoveryMemory {
  recall(entry: RepositoryModel): Looked | undefined;
  keep(entry: RepositoryModel, looked: Looked): void;
}

/** Models to look at: those that are ready, or all, to learn why the others are not. */
export type Scope = "ready" | "all";

/**
 * Finds the ready models of a server and how each is spoken to, within 30 seconds. Rejects with `ServeError` when the
 * server cannot be asked; that it does not know a question is no failure.
 */
export async function discover(
  transport: Transport,
  signal: AbortSignal,
  scope: Scope = "ready",
  memory?: DiscoveryMemory,
): Promise<Discovery> {
  return await answerWithin(
    signal,
    async (limited) => {
      const [server, index] = await Promise.all([
        describeServer(transport, limited),
        listRepository(transport, scope, limited),
      ]);
      const found = await askEach(index ?? [], transport, { server, signal: limited, memory });
      return { ...(server === undefined ? {} : { server }), ...found, listsModels: index !== undefined };
    },
    timeoutMs,
  );
}

/** The repository's models, each once; undefined if the server has no such list. Rejects with `ServeError`. */
export async function listRepository(
  transport: Transport,
  scope: Scope,
  signal: AbortSignal,
): Promise<readonly RepositoryModel[] | undefined> {
  return await answerWithin(signal, async (limited) => {
    const request = encodeRepositoryIndexRequest({ ready: scope === "ready" });
    const answer = await askIfThere(transport, rpcPath.repositoryIndex, request, limited);
    if (answer === undefined) return undefined;
    const models = new Map<string, RepositoryModel>();
    for (const entry of decodeRepositoryIndex(answer)) {
      const model = { ...entry, state: plainState(entry.state) };
      // One entry a version: a model is ready when any is.
      if (!models.has(model.name) || model.state === "READY") models.set(model.name, model);
    }
    return [...models.values()];
  });
}

/** MLServer writes `State.READY`. */
function plainState(state: string): string {
  return state.slice(state.lastIndexOf(".") + 1).toUpperCase();
}

interface Asking {
  server: ServerMetadata | undefined;
  signal: AbortSignal;
  memory: DiscoveryMemory | undefined;
}

async function askEach(
  index: readonly RepositoryModel[],
  transport: Transport,
  { server, signal, memory }: Asking,
): Promise<Pick<Discovery, "models" | "skipped">> {
  const controller = new AbortController();
  const asking: Asking = { server, memory, signal: AbortSignal.any([signal, controller.signal]) };
  const lookOnce = async (entry: RepositoryModel, place: number): Promise<Looked> => {
    if (place >= maxModels) return `more than ${maxModels} models`;
    const known = memory?.recall(entry);
    if (known !== undefined) return known;
    const looked = await look(entry, transport, asking);
    memory?.keep(entry, looked);
    return looked;
  };
  const found = await mapAtMost(callsAtOnce, index, lookOnce).finally(() => controller.abort());
  return {
    models: found.filter((model) => typeof model === "object"),
    skipped: index.flatMap(({ name }, place) => {
      const reason = found[place];
      return typeof reason === "string" ? [{ name, reason }] : [];
    }),
  };
}

/** The model, or why it is not served. */
async function look(
  { name, state, reason }: RepositoryModel,
  transport: Transport,
  { server, signal }: Asking,
): Promise<Looked> {
  if (state !== "" && state !== "READY")
    return reason === "" ? state.toLowerCase() : `${state.toLowerCase()}: ${reason}`;
  let profile: ModelProfile;
  try {
    profile = await describeModel(transport, name, signal);
  } catch (error) {
    if (isOfServer(error)) throw error;
    // Triton lists what lies in its repository and was never loaded without a state.
    if (state === "" && error instanceof ServeError && error.kind === "not_found") return "not loaded";
    return error instanceof Error ? error.message : "it cannot be described";
  }
  const dialect = detectDialect(server, profile);
  return dialect === undefined ? "its tensors are not those of a text model" : { profile, dialect, state };
}

/** Whether a failure to describe a model would be one for every model, as when the connection is gone. */
export function isOfServer(error: unknown): boolean {
  if (!(error instanceof ServeError) || error.kind === "canceled") return true;
  const { kind, cause } = error;
  return (
    kind === "unavailable" && !(cause instanceof GrpcError && readFailureText(cause.details) !== undefined)
  );
}
