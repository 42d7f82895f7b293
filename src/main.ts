import { isatty } from "node:tty";
import packageFile from "../package.json" with { type: "json" };
import { readCommandLine } from "./cli/command-line.ts";
import { isHangupIgnored } from "./cli/hangup.ts";
import { explainListenError, StartError } from "./cli/listen-error.ts";
import { createShutdown, type Shutdown } from "./cli/shutdown.ts";
import type { Application } from "./compose.ts";
import type { Flags } from "./config/given.ts";
import type { LoadedConfig } from "./config/load.ts";
import { ConfigError } from "./core/error.ts";
import type { Log } from "./core/log.ts";
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
      case "check":
        return await check(line.flags);
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

async function load(flags: Flags): Promise<LoadedConfig> {
  const [{ loadConfig }, { drivers }] = await Promise.all([
    import("./config/load.ts"),
    import("./drivers/index.ts"),
  ]);
  return loadConfig({ flags, environment: process.env, terminal: isatty(1), drivers });
}

async function check(flags: Flags): Promise<number> {
  const loaded = await load(flags);
  const { checkBackends } = await import("./cli/check.ts");
  const writer = createLineWriter(2);
  const log = createLog({ format: "pretty", level: "warn", write: writer.write });
  const application = await composeAll(loaded, log);
  const report = await checkBackends(application.backends, loaded.config);
  const lines = [
    `✓ configuration${loaded.fileName === undefined ? "" : ` ${loaded.fileName}`} is valid`,
    ...loaded.warnings.map((warning) => `⚠ ${warning}`),
    ...report.lines,
  ];
  await Bun.write(Bun.stdout, `${lines.join("\n")}\n`);
  await Promise.race([application.close(), Bun.sleep(flushMs)]);
  await writer.flush(flushMs);
  return report.ok ? 0 : 1;
}

async function composeAll({ config, relabel }: LoadedConfig, log: Log): Promise<Application> {
  const { compose } = await import("./compose.ts");
  try {
    return compose(config, log);
  } catch (error) {
    throw error instanceof ConfigError ? relabel(error) : error;
  }
}

async function serve(flags: Flags): Promise<number> {
  const loaded = await load(flags);
  const { content, ...form } = loaded.config.log;
  // Standard output is the log; standard error only says why the program could not start.
  const writer = createLineWriter(1);
  const log = createLog({ ...form, write: writer.write, maxChars: maxLogChars(content) });
  try {
    if (loaded.enabled) return await serveUntilStopped(loaded, log, writer);
    log.info("Not started: OPENAI_COMPAT_ENABLE is false");
    return 0;
  } finally {
    await writer.flush(flushMs);
  }
}

async function serveUntilStopped(loaded: LoadedConfig, log: Log, writer: LineWriter): Promise<number> {
  const { config, fileName, warnings } = loaded;
  // It does no I/O, and what it finds wrong belongs to the configuration: nothing is said to start before.
  const application = await composeAll(loaded, log);
  log.info(`Starting oai-serve ${version} ...`);
  if (fileName !== undefined) log.info(`Config: ${fileName}`);
  for (const warning of warnings) log.warn(warning);
  const { server, backends } = application;
  for (const { id, kind, endpoint } of backends) {
    log.info(`✓ Backend: ${id} (${kind}${endpoint === undefined ? "" : ` at ${endpoint}`})`);
  }
  const url = listen(server, loaded);
  const notify = await openNotify(log);
  const shutdown = createShutdown({ server, close: () => application.close(), ...config.shutdown, log });
  stopOnSignals(shutdown, log, writer, () => notify?.("STOPPING=1"));
  log.info(`✓ Server started on ${url}`);
  log.info(`✓ Endpoint: ${url}/v1/chat/completions`);
  log.info(`✓ Docs: ${url}/docs`);
  notify?.("READY=1");
  return await shutdown.done;
}

function listen(server: Application["server"], { config, place }: LoadedConfig): string {
  try {
    return server.listen().url;
  } catch (error) {
    throw explainListenError(error, config.listen, place);
  }
}

/** The first signal stops in order, the second at once; so does a failure that nobody caught, which exits with 1. */
function stopOnSignals(shutdown: Shutdown, log: Log, writer: LineWriter, onStop: () => void): void {
  const begin = (reason: string, code: 0 | 1) => {
    if (!shutdown.begun) onStop();
    shutdown.begin(reason, code);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (!shutdown.begun) {
        begin(signal, 0);
        return;
      }
      log.warn(`Stopped at once by a second ${signal}`);
      void writer.flush(flushMs).then(() => process.exit(1));
    });
  }
  // A terminal that goes away may send it twice, so the second is not impatience.
  if (!isHangupIgnored()) {
    process.on("SIGHUP", () => begin("SIGHUP (the configuration is read only at the start)", 0));
  }
  const onFailure = (error: unknown) => {
    const stack = error instanceof Error ? error.stack : undefined;
    log.error("✗ Unexpected failure", { cause: describeCause(error), stack });
    begin("an unexpected failure", 1);
  };
  process.on("uncaughtException", onFailure);
  process.on("unhandledRejection", onFailure);
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
