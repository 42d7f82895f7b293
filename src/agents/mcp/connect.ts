import type * as client from "@modelcontextprotocol/client";
import type { Client, ClientOptions, Transport } from "@modelcontextprotocol/client";
import type { Log } from "../../core/log.ts";
import { createHttpClient } from "../../egress/client.ts";
import { createFetchOver } from "../../egress/fetch-over.ts";
import type { McpServerFile } from "../config/tool-schema.ts";
import { logLines } from "./child-lines.ts";
import { maxPages, toMcpTools, type ConnectionEvents, type McpConnection } from "./connection.ts";

export interface ConnectOptions {
  settings: McpServerFile;
  /** Longest call of a tool. */
  timeoutMs: number;
  /** Longest wait for the server to be there, and for each page of its list. */
  startMs: number;
  variable: (name: string) => string | undefined;
  log: Log;
}

/** Largest message of a server. */
const maxBytes = 16_777_216;
const connectTimeoutMs = 10_000;

/**
 * Connects as the server's `command` or `url` says. Most servers speak the protocol as it was before 2026-07-28; those
 * that refuse it are asked which they speak. The client's code is loaded by the first call.
 */
export async function connect(
  options: ConnectOptions,
  events: ConnectionEvents,
  signal: AbortSignal,
): Promise<McpConnection> {
  const sdk = await import("@modelcontextprotocol/client");
  const attempt = { sdk, options, events, signal };
  try {
    return await open(attempt, "legacy");
  } catch (error) {
    const isRefusal =
      sdk.ProtocolError.isInstance(error) ||
      (sdk.SdkHttpError.isInstance(error) && isAboutForm(error.status));
    if (!isRefusal) throw error;
    return await open(attempt, "auto");
  }
}

function isAboutForm(status: number): boolean {
  return status === 400 || status === 404 || status === 405 || status === 415 || status === 422;
}

interface Attempt {
  sdk: typeof client;
  options: ConnectOptions;
  events: ConnectionEvents;
  signal: AbortSignal;
}

async function open(
  { sdk, options, events, signal }: Attempt,
  mode: "legacy" | "auto",
): Promise<McpConnection> {
  const client = new sdk.Client({ name: "oai-serve", version: "1" }, clientOptions(mode, events));
  const { transport, close } = await createTransport(sdk, options);
  try {
    await client.connect(transport, { timeout: options.startMs, signal });
  } catch (error) {
    await client.close().catch(() => {});
    await transport.close().catch(() => {});
    close();
    throw error;
  }
  Object.assign(client, {
    onclose: () => {
      close();
      events.onClosed();
    },
    onerror: (error: Error) => {
      options.log.debug("An MCP server misbehaves", { error: error.message.slice(0, 500) });
    },
  });
  return toConnection(client, options);
}

function clientOptions(mode: "legacy" | "auto", events: ConnectionEvents): ClientOptions {
  return {
    versionNegotiation: { mode },
    listMaxPages: maxPages,
    listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => events.onChanged() } },
  };
}

function toConnection(
  client: Client,
  { timeoutMs, startMs }: Pick<ConnectOptions, "timeoutMs" | "startMs">,
): McpConnection {
  return {
    async list(signal) {
      const { tools } = await client.listTools({}, { timeout: startMs, signal, cacheMode: "refresh" });
      return toMcpTools(tools);
    },
    async call(name, args, signal) {
      // Without an output schema, by which the client would check the result on this thread.
      const toolDefinition = { name, inputSchema: { type: "object" as const } };
      const options = { timeout: timeoutMs, signal, toolDefinition };
      return await client.callTool({ name, arguments: { ...args } }, options);
    },
    async close() {
      await client.close();
    },
  };
}

interface OwnTransport {
  transport: Transport;
  /** Of what the transport leaves open. */
  close: () => void;
}

async function createTransport(
  sdk: typeof client,
  { settings, variable, log }: ConnectOptions,
): Promise<OwnTransport> {
  if ("url" in settings) {
    const client = createHttpClient({ connectTimeoutMs });
    const transport = new sdk.StreamableHTTPClientTransport(new URL(settings.url), {
      requestInit: { headers: settings.headers ?? {} },
      fetch: createFetchOver(client, maxBytes),
    });
    return { transport, close: () => client.close() };
  }
  const { StdioClientTransport } = await import("@modelcontextprotocol/client/stdio");
  const transport = new StdioClientTransport({
    command: settings.command,
    args: settings.args ?? [],
    env: { ...inherited(variable), ...settings.env },
    stderr: "pipe",
    maxBufferSize: maxBytes,
    ...(settings.cwd !== undefined && { cwd: settings.cwd }),
  });
  logLines(transport.stderr, log);
  return { transport, close: () => {} };
}

/** Besides `PATH`, `HOME` and the few others that the client passes on itself: nothing that could be a secret. */
const inheritedNames = ["LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP"];

function inherited(variable: (name: string) => string | undefined): Record<string, string> {
  return Object.fromEntries(
    inheritedNames.flatMap((name): [string, string][] => {
      const value = variable(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
