import type { Registry } from "./registry.ts";

export interface ServerOptions {
  /**
   * Where conversations are kept: `memory:`, until the server ends, `sqlite:PATH` or `postgres://…`. In memory unless told here or by
   * `OAI_SERVE_STORE`.
   */
  store?: string;
  /** Clients have to present one of them; without any, everyone is served who reaches the server. */
  apiKeys?: readonly string[];
  /** Further settings (`OAI_SERVE_*`) and the keys of providers; the environment of the program unless told. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** `false` for none; a function takes each line, as JSON. To standard output unless told. */
  log?: boolean | "pretty" | "json" | ((line: string) => void);
}

export interface ListenOptions {
  /** 8080 unless told; 0 takes any that is free. */
  port?: number;
  /** Address to listen on; only this machine reaches `127.0.0.1`, which it is unless told. */
  host?: string;
}

/** A server that listens. */
export interface Listening {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Lets the requests under way end, and stops. */
  close(): Promise<void>;
}

/** An OpenAI API in front of agents. */
export interface AgentServer {
  /** Rejects with an `Error` when it cannot listen there, and for agents and options that cannot be. */
  listen(options?: ListenOptions): Promise<Listening>;
}

/** Serves all agents of `registry`. Throws an `Error` for options that it does not know. */
export type CreateServer = (registry: Registry, options?: ServerOptions) => AgentServer;
