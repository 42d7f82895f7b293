import { join } from "node:path";
import { python } from "../prerequisites.ts";
import { childLines } from "../child-lines.ts";

/** Options of one backend; `behaviour` defaults to the backend's name. The rest is in behaviours.py. */
export interface BehaviourOptions {
  behaviour?: string;
  [option: string]: unknown;
}

/** One call that reached a backend, as it came over the wire. */
export interface RecordedCall {
  backend: string;
  port: "dispatcher" | "worker";
  rpc: string;
  model: string;
  version: string;
  parameters: Record<string, unknown>;
  inputs: Record<string, { datatype: string; shape: number[]; contents: unknown[] }>;
  inputNames: string[];
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
  backend?: string;
  rpc?: string;
  model?: string;
  outcome?: RecordedCall["outcome"];
}

export interface Anyserve {
  /** `127.0.0.1:PORT` of a backend's dispatcher; its worker is 100 ports above. */
  endpoint(backend: string): string;
  calls(filter?: CallFilter): Promise<RecordedCall[]>;
  /** Calls that ask for text, which leaves out what the gateway asks on its own (`model_info`). */
  generations(backend?: string): Promise<RecordedCall[]>;
  reset(): Promise<void>;
  /** Resolves as soon as `count` calls match and have sent `messages`; throws after `seconds`. */
  waitFor(
    filter: CallFilter,
    limits?: { count?: number; messages?: number; seconds?: number },
  ): Promise<RecordedCall[]>;
  /** New behaviour for the backend's calls to come. */
  configure(backend: string, options: BehaviourOptions): Promise<void>;
  /** Lets a `gated` backend send `count` more words. */
  release(backend: string, count: number): Promise<void>;
  down(backend: string): Promise<void>;
  up(backend: string): Promise<void>;
  /** Ends the backend's open connections while it goes on listening. */
  cut(backend: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a look-alike of AnyServe with one pair of ports for each backend. */
export async function startAnyserve(backends: Readonly<Record<string, BehaviourOptions>>): Promise<Anyserve> {
  const child = Bun.spawn([python, join(import.meta.dir, "server.py"), JSON.stringify(backends)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  });
  const first = await childLines(child.stdout).next();
  if (first.done === true) throw new Error("The AnyServe look-alike ended before it was ready.");
  const ready: { control: number; backends: Record<string, number> } = JSON.parse(first.value);
  const control = <Answer>(method: string, path: string, body?: unknown) =>
    callControl<Answer>(`http://127.0.0.1:${ready.control}${path}`, method, body);
  const calls = async (filter: CallFilter = {}): Promise<RecordedCall[]> =>
    control("GET", `/calls?${query(filter)}`);

  return {
    endpoint: (backend) => `127.0.0.1:${ready.backends[backend] ?? 0}`,
    calls,
    async generations(backend) {
      const all = await calls(backend === undefined ? {} : { backend });
      return all.filter((call) => call.model !== "model_info");
    },
    reset: () => control("DELETE", "/calls"),
    waitFor: (filter, limits = {}) => control("GET", `/wait?${query({ ...filter, ...limits })}`),
    configure: (backend, options) => control("POST", "/configure", { backend, options }),
    release: (backend, count) => control("POST", "/release", { backend, count }),
    down: (backend) => control("POST", "/down", { backend }),
    up: (backend) => control("POST", "/up", { backend }),
    cut: (backend) => control("POST", "/cut", { backend }),
    async stop() {
      await child.stdin.end();
      await child.exited;
    },
  };
}

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
