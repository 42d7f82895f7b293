import { isatty } from "node:tty";
import packageFile from "../package.json" with { type: "json" };
import { readCommandLine } from "./cli/command-line.ts";
import { createHangupRule, isHangupIgnored } from "./cli/hangup.ts";
import { StartError } from "./cli/listen-error.ts";
import type { ListedAgent } from "./cli/agents.ts";
import type { Application } from "./compose.ts";
import type { AgentFiles } from "./compose/agent-files.ts";
import type { Config } from "./config/config.ts";
import type { Flags } from "./config/given.ts";
import type { AgentCommand, LoadedConfig } from "./config/load.ts";
import { ConfigError } from "./core/error.ts";
import type { ModelDescription } from "./core/generation.ts";
import type { Log } from "./core/log.ts";
import type { Serving } from "./serve.ts";
import { describeCause } from "./telemetry/cause.ts";
import { maxLogChars } from "./telemetry/exchange.ts";
import { createLineWriter, type LineWriter } from "./telemetry/line-writer.ts";
import { createLog } from "./telemetry/log.ts";

const { version } = packageFile;
const flushMs = 1_000;

process.exit(await run(process.argv.slice(2)));

/** 0: done or stopped as asked. 1: it failed. 2: the command line or the configuration is wrong. */
async function run(args: readonly string[]): Promise<number> {
  try {
    const line = readCommandLine(args, version);
    switch (line.command) {
      case "print":
        await Bun.write(Bun.stdout, line.text);
        return 0;
      case "schema":
        return await printSchema();
      case "types":
        return await printTypes();
      case "agents":
        return await listAgents(line.flags);
      case "conversations":
        return await conversations(line.words, line.flags);
      case "agent-worker":
        return await runAgents();
      case "check":
        return await check(line.flags);
      case "probe":
        return await probe(line.endpoint, line.flags);
      case "run":
        return await serve(line.flags, { only: line.agent });
      case "serve":
        return await serve(line.flags);
    }
  } catch (error) {
    const known = error instanceof ConfigError || error instanceof StartError;
    const text = known ? error.message : `could not start (${describeCause(error) ?? "unknown error"}).`;
    await Bun.write(Bun.stderr, `oai-serve: ${text}\n`);
    return error instanceof ConfigError ? 2 : 1;
  }
}

async function printSchema(): Promise<number> {
  const [{ createJsonSchema }, { drivers }] = await Promise.all([
    import("./config/json-schema.ts"),
    import("./drivers/index.ts"),
  ]);
  await Bun.write(Bun.stdout, `${JSON.stringify(createJsonSchema(drivers), null, 2)}\n`);
  return 0;
}

async function printTypes(): Promise<number> {
  const { default: text } = await import("./agents/kit/declarations.txt", { with: { type: "text" } });
  await Bun.write(Bun.stdout, text);
  return 0;
}

/** In a process of its own, for the server that started it. */
async function runAgents(): Promise<number> {
  const [{ runAgentWorker }, kit] = await Promise.all([
    import("./agents/workers/run-agent-worker.ts"),
    import("./index.ts"),
  ]);
  return await runAgentWorker({ kit });
}

async function load(flags: Flags, agents?: AgentCommand): Promise<LoadedConfig> {
  const [{ loadConfig }, { drivers }] = await Promise.all([
    import("./config/load.ts"),
    import("./drivers/index.ts"),
  ]);
  return loadConfig({
    flags,
    environment: process.env,
    terminal: isatty(1),
    drivers,
    ...(agents !== undefined && { agents }),
  });
}

async function listAgents(flags: Flags): Promise<number> {
  const { config, variable } = await load(flags, {});
  const [cli, { createAgentFiles }, { createToolTable }, { createSchemaChecker }, { providerOf }] =
    await Promise.all([
      import("./cli/agents.ts"),
      import("./compose/create-agent-files.ts"),
      import("./agents/tools/create-tool-table.ts"),
      import("./json-schema/checker.ts"),
      import("./drivers/openai/providers.ts"),
    ]);
  const writer = createLineWriter(2);
  const log = createLog({ format: "pretty", level: "warn", write: writer.write });
  const { agents } = await createAgentFiles().load(alone(config), log);
  const loaded: ListedAgent[] = agents.map(({ agent, ...rest }) => ({ ...agent, ...rest }));
  const tools = createToolTable({ ...config.agents, schemas: createSchemaChecker(log), variable, log });
  const lines = cli.describeAgents([...cli.configuredAgents(config.agents), ...loaded], {
    hasTool: (name) => tools.has(name),
    // Which models a backend has is only known to itself.
    hasModel: (name) => Object.keys(config.backends).length > 0 || providerOf(name) !== undefined,
  });
  await tools.close();
  await Bun.write(Bun.stdout, `${lines.join("\n")}\n`);
  await writer.flush(flushMs);
  return 0;
}

/** An operator's look into the store, which a running server may have open. */
async function conversations(words: readonly string[], flags: Flags): Promise<number> {
  const { config } = await load(flags, {});
  const [{ runConversations }, { createStore }, { readStoreUrl }, { readSaid }] = await Promise.all([
    import("./cli/conversations.ts"),
    import("./store/create-store.ts"),
    import("./store/location.ts"),
    import("./api/common/conversation/transcript.ts"),
  ]);
  const writer = createLineWriter(2);
  const log = createLog({ format: "pretty", level: "warn", write: writer.write });
  // Which have expired is the server's to say, by a configuration that may be another.
  const store = createStore(config.store, log, { expireMs: () => 0 });
  try {
    const { lines, ok } = await runConversations({
      store: store.records,
      read: readSaid,
      location: readStoreUrl(config.store),
      args: words,
    });
    await Bun.write(Bun.stdout, lines.map((line) => `${line}\n`).join(""));
    return ok ? 0 : 1;
  } finally {
    await store.close();
    await writer.flush(flushMs);
  }
}

async function check(flags: Flags): Promise<number> {
  const loaded = await load(flags);
  const { checkBackends } = await import("./cli/check.ts");
  const writer = createLineWriter(2);
  const log = createLog({ format: "pretty", level: "warn", write: writer.write });
  const application = await composeAlone(loaded, log);
  const report = await checkBackends(application.backends, loaded.config);
  const agents = await checkAgents(application, { loaded, models: report.models });
  const store = await storeReport(loaded);
  const lines = [
    `✓ configuration${loaded.fileName === undefined ? "" : ` ${loaded.fileName}`} is valid`,
    ...loaded.warnings.map((warning) => `⚠ ${warning}`),
    ...report.lines,
    ...agents.lines,
    ...store.lines,
  ];
  await Bun.write(Bun.stdout, `${lines.join("\n")}\n`);
  await Promise.race([application.close(), Bun.sleep(flushMs)]);
  await writer.flush(flushMs);
  return report.ok && agents.ok && store.ok ? 0 : 1;
}

async function storeReport(loaded: LoadedConfig) {
  const { checkStore } = await import("./cli/check-store.ts");
  return await checkStore(loaded);
}

interface Checked {
  loaded: LoadedConfig;
  models: readonly ModelDescription[];
}

/** Whether there is a model for each agent. */
async function checkAgents({ agents }: Application, { loaded, models }: Checked) {
  const [cli, { providerOf }, { createProviderBackends }] = await Promise.all([
    import("./cli/check-agents.ts"),
    import("./drivers/openai/providers.ts"),
    import("./drivers/openai/provider-backends.ts"),
  ]);
  const { config, variable } = loaded;
  const log = createLog({ format: "pretty", level: "error", write: () => {} });
  const { missingKey } = createProviderBackends({
    variable,
    log,
    connectTimeoutMs: config.timeouts.connectMs,
  });
  const known = [...models, ...Object.entries(config.models).map(([id, model]) => ({ ...model, id }))];
  return cli.checkAgents({
    agents: agents.map(({ id, agent: { model } }) => ({ id, ...(model !== undefined && { model }) })),
    known: new Set(known.flatMap(({ id, aliases = [] }) => [id, ...aliases])),
    isProvided: (model) => providerOf(model) !== undefined,
    missingKey,
  });
}

async function probe(endpoint: string, flags: Flags): Promise<number> {
  const [{ runProbe }, { probeFlags, singleBackend }] = await Promise.all([
    import("./cli/probe.ts"),
    import("./config/single-backend.ts"),
  ]);
  const model = flags["--model"]?.at(-1);
  const loaded = await load(probeFlags(flags, endpoint));
  const config = singleBackend(loaded.config, model);
  const writer = createLineWriter(2);
  const log = createLog({ format: "pretty", level: "warn", write: writer.write });
  const application = await composeAlone({ ...loaded, config }, log);
  const report = await runProbe({
    endpoint,
    config,
    application,
    log,
    ...(model !== undefined && { model }),
  });
  await Bun.write(Bun.stdout, `${report.lines.join("\n")}\n`);
  await Promise.race([application.close(), Bun.sleep(flushMs)]);
  await writer.flush(flushMs);
  return report.ok ? 0 : 1;
}

/** Everything by itself: nothing listens, and the log shows warnings only. */
async function composeAlone(
  { config, variable, relabel, isStoreChosen }: LoadedConfig,
  log: Log,
): Promise<Application> {
  const [{ compose, createFoundation }, { createAgentFiles }] = await Promise.all([
    import("./compose.ts"),
    import("./compose/create-agent-files.ts"),
  ]);
  const { store, conversations: stored } = config;
  const foundation = createFoundation({ log, store, isStoreChosen, expireMs: () => stored.expireMs });
  const files = await createAgentFiles().load(alone(config), log);
  try {
    return compose({ config, variable, files, log, foundation });
  } catch (error) {
    throw error instanceof ConfigError ? relabel(error) : error;
  }
}

/** Agents are looked at and not run: in this process, once. */
function alone(config: Config): Config {
  return { ...config, agents: { ...config.agents, workers: 0, watch: false } };
}

async function serve(flags: Flags, agents?: AgentCommand): Promise<number> {
  const loaded = await load(flags, agents);
  // Standard output is the log; standard error only says why the program could not start.
  const writer = createLineWriter(1);
  const createConfiguredLog = ({ config: { log } }: LoadedConfig) =>
    createLog({ ...log, write: writer.write, maxChars: maxLogChars(log.content) });
  const log = createConfiguredLog(loaded);
  try {
    if (!loaded.enabled) {
      log.info("Not started: OPENAI_COMPAT_ENABLE is false");
      return 0;
    }
    const [{ serve: startServing }, { createAgentFiles }, notify] = await Promise.all([
      import("./serve.ts"),
      import("./compose/create-agent-files.ts"),
      openNotify(log),
    ]);
    const agentFiles = createAgentFiles();
    const serving = await startServing({
      loaded,
      load: () => load(flags, agents),
      createLog: createConfiguredLog,
      version,
      agentFiles,
      ...(notify !== undefined && { notify }),
    });
    stopOnSignals(serving, { writer, agentFiles });
    reloadOnHangup(serving, loaded.hasFiles || notify !== undefined);
    serving.announce();
    return await serving.shutdown.done;
  } finally {
    await writer.flush(flushMs);
  }
}

/**
 * The first signal stops in order, the second at once; so does a failure that nobody caught, which exits with 1, unless
 * it is an agent's own: that is told, and the others' requests go on.
 */
function stopOnSignals(
  { shutdown, log }: Serving,
  { writer, agentFiles }: { writer: LineWriter; agentFiles: AgentFiles },
): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (!shutdown.begun) {
        shutdown.begin(signal, 0);
        return;
      }
      log.warn(`Stopped at once by a second ${signal}`);
      void writer.flush(flushMs).then(() => process.exit(1));
    });
  }
  const onFailure = (error: unknown) => {
    const fault = agentFiles.faultOf(error);
    if (fault !== undefined) {
      log.error("✗ An agent failed where nobody waited for it", { ...fault, cause: describeCause(error) });
      return;
    }
    const stack = error instanceof Error ? error.stack : undefined;
    log.error("✗ Unexpected failure", { cause: describeCause(error), stack });
    shutdown.begin("an unexpected failure", 1);
  };
  process.on("uncaughtException", onFailure);
  process.on("unhandledRejection", onFailure);
}

/** Reads everything again, or stops in order: a terminal that goes away may send it twice, which is no impatience. */
function reloadOnHangup({ reload, shutdown }: Serving, canReload: boolean): void {
  if (isHangupIgnored()) return;
  const readHangup = createHangupRule(canReload);
  process.on("SIGHUP", () => {
    const hangup = readHangup();
    if (hangup.action === "stop") shutdown.begin(hangup.reason, 0);
    else reload.request("SIGHUP");
  });
}

/** Only under a service manager that asked for it. */
async function openNotify(log: Log) {
  const socket = process.env["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return undefined;
  try {
    const { createNotify } = await import("./cli/notify.ts");
    return createNotify(socket);
  } catch (error) {
    log.warn("The service manager cannot be told that the server is ready", { cause: describeCause(error) });
    return undefined;
  }
}
