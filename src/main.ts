import { isatty } from "node:tty";
import packageFile from "../package.json" with { type: "json" };
import { readCommandLine } from "./cli/command-line.ts";
import { createHangupRule, isHangupIgnored } from "./cli/hangup.ts";
import { StartError } from "./cli/listen-error.ts";
import type { Application } from "./compose.ts";
import type { Flags } from "./config/given.ts";
import type { LoadedConfig } from "./config/load.ts";
import { ConfigError } from "./core/error.ts";
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
      case "check":
        return await check(line.flags);
      case "probe":
        return await probe(line.endpoint, line.flags);
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
  const application = await composeAlone(loaded, log);
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

/** Backends by themselves: nothing listens, and the log shows warnings only. */
async function composeAlone({ config, relabel }: LoadedConfig, log: Log): Promise<Application> {
  const { compose, createFoundation } = await import("./compose.ts");
  const foundation = createFoundation(log);
  try {
    return compose(config, log, foundation);
  } catch (error) {
    throw error instanceof ConfigError ? relabel(error) : error;
  }
}

async function serve(flags: Flags): Promise<number> {
  const loaded = await load(flags);
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
    const [{ serve: startServing }, notify] = await Promise.all([import("./serve.ts"), openNotify(log)]);
    const serving = startServing({
      loaded,
      load: () => load(flags),
      createLog: createConfiguredLog,
      version,
      ...(notify !== undefined && { notify }),
    });
    stopOnSignals(serving, writer);
    reloadOnHangup(serving, loaded.hasFiles || notify !== undefined);
    serving.announce();
    return await serving.shutdown.done;
  } finally {
    await writer.flush(flushMs);
  }
}

/** The first signal stops in order, the second at once; so does a failure that nobody caught, which exits with 1. */
function stopOnSignals({ shutdown, log }: Serving, writer: LineWriter): void {
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
