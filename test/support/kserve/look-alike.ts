import { join } from "node:path";
import { childLines } from "../child-lines.ts";
import { python } from "../prerequisites.ts";

/** What a look-alike can imitate; all up to `dynamo` are Triton's and may share one server. See catalogue.py. */
export type LookAlikeDialect =
  | "vllm"
  | "vllm-old"
  | "trtllm"
  | "trtllm-bls"
  | "trtllm-unary"
  | "llmapi"
  | "generic"
  | "mock"
  | "preprocessing"
  | "embedding"
  | "classifier"
  | "dynamo"
  | "mlserver"
  | "mlserver-hf"
  | "ovms"
  | "kserve-python";

export type ModelState = "READY" | "LOADING" | "UNLOADING" | "UNAVAILABLE";

/** One model; options beyond these are those of its dialect, which its class names (`dialects/`). */
export interface LookAlikeModel {
  dialect: LookAlikeDialect;
  /** Its name, if not the dialect's usual one (catalogue.py). */
  model?: string;
  version?: string;
  state?: ModelState;
  reason?: string;
  [option: string]: unknown;
}

export interface LookAlikeOptions {
  models: readonly LookAlikeModel[];
  /** Triton's restricted protocols: groups such as `inference` and `model-repository`, or all. */
  requireHeader?: { name: string; value: string; groups?: readonly string[] };
  /** PEM files. With `clientCa` clients must show a certificate of that authority. */
  tls?: { cert: string; key: string; clientCa?: string };
  port?: number;
  /** What `ServerReady` says; true by default. */
  ready?: boolean;
}

/** Directs answers; model.py lists the keys, faults.py the faults. */
export interface ReplyDirective {
  text?: string;
  pieces?: readonly string[];
  raw_bytes_hex?: readonly string[];
  choices?: readonly string[];
  finish?: string;
  finish_word?: string;
  delay_ms?: number;
  split_bytes?: boolean;
  cumulative?: boolean;
  empty_final?: boolean;
  fail_after?: number;
  fail_status?: string;
  fail_text?: string;
  hang?: boolean;
  /** Each message waits for `release`. */
  gated?: boolean;
  repair?: ReplyDirective;
  repair_after?: string;
  fault?: string;
  fault_after?: number;
  /** Size of the text of the fault `giant`. */
  fault_bytes?: number;
}

/** An input as it arrived: texts for BYTES, hex of what could not be read. */
export interface RecordedInput {
  datatype: string;
  shape: number[];
  contents: unknown[] | string;
  raw: boolean;
  parameters: Record<string, unknown>;
}

/** One call of any rpc. Those that are no inference have `model` only. */
export interface RecordedCall {
  /** Dialect of the model, empty for an unknown one. */
  backend: string;
  rpc: string;
  model: string;
  version: string;
  id: string;
  parameters: Record<string, unknown>;
  inputs: Record<string, RecordedInput>;
  inputNames: string[];
  outputNames: string[];
  rawInputs: number;
  metadata: Record<string, string>;
  /** Messages sent to the client. */
  messages: number;
  outcome: "running" | "completed" | "failed" | "cancelled";
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt: number | null;
}

export interface CallFilter {
  rpc?: string;
  model?: string;
  outcome?: RecordedCall["outcome"];
}

export interface LookAlike {
  /** `127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly port: number;
  /** Inferences that came, of both rpcs; with a filter, any calls that match. */
  requests(filter?: CallFilter): Promise<RecordedCall[]>;
  /** Resolves as soon as `count` calls match and have sent `messages`; throws after `seconds`. */
  waitFor(
    filter: CallFilter,
    limits?: { count?: number; messages?: number; seconds?: number },
  ): Promise<RecordedCall[]>;
  /** Resolves when `count` calls were cancelled by the client; throws after `seconds`. */
  cancelled(count: number, seconds?: number): Promise<RecordedCall[]>;
  /** Forgets the calls so far. */
  reset(): Promise<void>;
  /** A new model, or another in place of one of its name. */
  load(model: LookAlikeModel): Promise<void>;
  /** The model stays in the repository, not ready. */
  unload(model: string, reason?: string): Promise<void>;
  setState(model: string, state: ModelState, reason?: string): Promise<void>;
  /** The model is gone, also from the repository. */
  remove(model: string): Promise<void>;
  /** What `ServerReady` says. */
  setReady(ready: boolean): Promise<void>;
  /** A directive for prompts that bring none, key by key; undefined ends it. Without `model`, for all. */
  fault(directive: ReplyDirective | undefined, model?: string): Promise<void>;
  /** Lets `count` messages of a gated answer pass. */
  release(model: string, count?: number): Promise<void>;
  /** Nobody listens and every connection ends. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Ends the open connections while it goes on listening. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one look-alike of a KServe v2 server. Its faults and answers are directed by prompts or by `fault`. */
export async function startLookAlike(options: LookAlikeOptions): Promise<LookAlike> {
  const child = Bun.spawn([python, join(import.meta.dir, "server.py"), "--json", JSON.stringify(options)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  });
  const first = await childLines(child.stdout).next();
  if (first.done === true || !first.value.startsWith("READY ")) {
    throw new Error("The look-alike ended before it was ready.");
  }
  const ready: { grpc: number; control: number } = JSON.parse(first.value.slice("READY ".length));
  const control = <Answer>(method: string, path: string, body?: unknown) =>
    callControl<Answer>(`http://127.0.0.1:${ready.control}${path}`, method, body);
  const post = (path: string, body: unknown = {}) => control<void>("POST", path, body);
  const setState: LookAlike["setState"] = (model, state, reason = "") =>
    post("/state", { model, state, reason });
  const waitFor: LookAlike["waitFor"] = (filter, limits = {}) =>
    control("GET", `/wait?${query({ ...filter, ...limits })}`);

  return {
    endpoint: `127.0.0.1:${ready.grpc}`,
    port: ready.grpc,
    async requests(filter) {
      const calls = await control<RecordedCall[]>("GET", `/calls?${query(filter ?? {})}`);
      return filter === undefined ? calls.filter(({ rpc }) => inferences.has(rpc)) : calls;
    },
    waitFor,
    cancelled: (count, seconds = 5) => waitFor({ outcome: "cancelled" }, { count, seconds }),
    reset: () => control("DELETE", "/calls"),
    load: (model) => post("/load", model),
    unload: (model, reason = "unloaded") => setState(model, "UNAVAILABLE", reason),
    setState,
    remove: (model) => post("/remove", { model }),
    setReady: (isReady) => post("/ready", { ready: isReady }),
    fault: (directive, model) => post("/directive", { directive, model }),
    release: (model, count = 1) => post("/release", { model, count }),
    down: () => post("/down"),
    up: () => post("/up"),
    cut: () => post("/cut"),
    async close() {
      await child.stdin.end();
      await child.exited;
    },
  };
}

const inferences: ReadonlySet<string> = new Set(["ModelInfer", "ModelStreamInfer"]);

async function callControl<Answer>(url: string, method: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} gave ${response.status}: ${text}`);
  return JSON.parse(text);
}

function query(values: object): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join("&");
}
