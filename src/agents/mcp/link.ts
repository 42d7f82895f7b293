import { ServeError } from "../../core/error.ts";
import { unlessAborted } from "../../core/unless-aborted.ts";
import { connect, type ConnectOptions } from "./connect.ts";
import type { McpConnection } from "./connection.ts";
import { failureOf } from "./failures.ts";

export interface LinkOptions extends ConnectOptions {
  /** Name of the server. */
  id: string;
}

/** The way to one server: a connection that is made when it is needed, shared, and made anew when it is lost. */
export interface Link {
  /**
   * What `ask` gives for the connection there is. Once more over a new one where the server has forgotten that. Rejects
   * as `ask` does, with `unavailable` (`tool_server_unavailable`) where there is no connection, and with the reason of
   * `signal`.
   */
  ask<Result>(signal: AbortSignal, ask: (connection: McpConnection) => Promise<Result>): Promise<Result>;
  /** `listener` is told when the tools may be others than before. */
  onOutdated(listener: () => void): void;
  close(): Promise<void>;
}

/** After a connection could not be made, so that not every request starts a process that fails. */
const restMs = 1_000;

export function createLink(options: LinkOptions): Link {
  const { id, log } = options;
  const ending = new AbortController();
  let current: Promise<McpConnection> | undefined;
  let outdated: (() => void) | undefined;

  const drop = (lost: Promise<McpConnection>) => {
    if (current !== lost) return;
    current = undefined;
    outdated?.();
  };

  const open = (): Promise<McpConnection> => {
    const events = {
      onChanged: () => outdated?.(),
      onClosed: () => {
        if (current === opening && !ending.signal.aborted)
          log.warn("The connection to an MCP server has ended");
        drop(opening);
      },
    };
    const opening: Promise<McpConnection> = connect(options, events, ending.signal).catch(
      (cause: unknown) => {
        if (!ending.signal.aborted) log.warn("An MCP server cannot be reached", { error: messageOf(cause) });
        setTimeout(() => drop(opening), restMs).unref();
        throw unavailable(id, cause);
      },
    );
    return opening;
  };

  const connected = (): Promise<McpConnection> => {
    if (ending.signal.aborted) return Promise.reject(unavailable(id));
    current ??= open();
    return current;
  };

  return {
    async ask(signal, ask) {
      for (let isFirst = true; ; isFirst = false) {
        const opening = connected();
        const connection = await unlessAborted(opening, signal);
        try {
          return await unlessAborted(ask(connection), signal);
        } catch (error) {
          signal.throwIfAborted();
          const failure = failureOf(error);
          if (failure === "protocol" || failure === "late") throw error;
          drop(opening);
          void connection.close().catch(() => {});
          if (failure !== "forgotten" || !isFirst) throw error;
        }
      }
    },
    onOutdated(listener) {
      outdated = listener;
    },
    async close() {
      ending.abort();
      const connection = await current?.catch(() => undefined);
      await connection?.close();
    },
  };
}

export function unavailable(id: string, cause?: unknown): ServeError {
  return new ServeError("unavailable", `The tools of '${id}' cannot be reached.`, {
    code: "tool_server_unavailable",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** For the log. */
export function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : "unknown").slice(0, 500);
}
