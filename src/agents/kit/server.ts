import type { Registry } from "./registry.ts";

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
  /** Rejects with an `Error` when it cannot listen there. */
  listen(options?: ListenOptions): Promise<Listening>;
}

/** Serves all agents of `registry`. */
export type CreateServer = (registry: Registry) => AgentServer;
