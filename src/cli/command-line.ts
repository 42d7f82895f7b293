import { Command, CommanderError, Option } from "commander";
import type { Flags } from "../config/given.ts";
import { nearest } from "../config/nearest.ts";
import { environmentNames, flagName, isSwitch, settings, type Setting } from "../config/settings.ts";
import { ConfigError } from "../core/error.ts";

type PlainCommand = "serve" | "check" | "schema";
export type CommandName = PlainCommand | "probe";

/** What the command line asks for: a command, or a text (help, version) that answers it already. */
export type CommandLine =
  | { command: PlainCommand; flags: Flags }
  | { command: "probe"; endpoint: string; flags: Flags }
  | { command: "print"; text: string };

/** Throws `ConfigError` for what is not a command, a flag or a flag's value. */
export function readCommandLine(args: readonly string[], version: string): CommandLine {
  const flags: Record<string, string[]> = {};
  const asked: { command: CommandName; endpoint?: string } = { command: "serve" };
  let output = "";
  const program = new Command("oai-serve").exitOverride().configureOutput({
    writeOut: (text) => (output += text),
    writeErr: () => {},
  });
  describeProgram(program, version);
  for (const setting of settings) addOption(program, setting, flags);
  addCommands(program, (name, rest) => {
    asked.command = name;
    const [endpoint, ...others] = name === "probe" ? rest : [undefined, ...rest];
    if (others[0] !== undefined) throw new ConfigError(explainArgument(others[0]));
    if (endpoint !== undefined) asked.endpoint = endpoint;
  });
  try {
    program.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new ConfigError(explain(error));
    return { command: "print", text: output };
  }
  const { command, endpoint } = asked;
  if (command !== "probe") return { command, flags };
  if (endpoint === undefined) throw new ConfigError(missingEndpoint);
  return { command, endpoint, flags };
}

const missingEndpoint = "probe needs the address of a model server, such as localhost:8001.";

const commands = {
  serve: "answer requests (the default)",
  check: "check the configuration, reach every backend and say what it serves",
  probe: "ask the model server at HOST:PORT what it is and has, and for a trial answer of --model",
  schema: "print the JSON Schema of the configuration file",
} as const satisfies Record<CommandName, string>;

const examples = `
Examples:
  oai-serve                                     the built-in demo model on http://127.0.0.1:8080
  oai-serve --kserve-endpoint triton:8001       every text model of a KServe v2 server
  oai-serve --anyserve-endpoint localhost:8000  an AnyServe server
  oai-serve probe triton:8001                   what a server is and has, and how it is spoken to
  oai-serve check --config oai-serve.yaml       whether a configuration works`;

function describeProgram(program: Command, version: string): void {
  program
    .description("The OpenAI API in front of KServe v2 model servers and a built-in demo model.")
    .usage("[command] [options]")
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .optionsGroup("General:")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", examples);
}

function addCommands(program: Command, run: (name: CommandName, rest: readonly string[]) => void): void {
  for (const name of ["serve", "check", "probe", "schema"] as const) {
    program
      .command(name, { isDefault: name === "serve" })
      .description(commands[name])
      .usage(name === "probe" ? "<host:port> [options]" : "[options]")
      .allowExcessArguments()
      .action((_options: unknown, command: Command) => run(name, command.args));
  }
}

function addOption(program: Command, setting: Setting, flags: Record<string, string[]>): void {
  const flag = flagName(setting);
  const facts = [
    ...(setting.standard === undefined ? [] : [`default: ${setting.standard}`]),
    `env: ${environmentNames(setting).join(", ")}`,
  ];
  const option = new Option(setting.flag, `${setting.help} (${facts.join("; ")})`).helpGroup(setting.group);
  program.addOption(option);
  if (isSwitch(setting)) {
    program.on(`option:${option.name()}`, () => (flags[flag] = ["true"]));
    return;
  }
  option.argParser((text: string) => {
    if (text.startsWith("--") || text === "") throw new ConfigError(`${flag}: needs a value.`);
    (flags[flag] ??= []).push(text);
    return text;
  });
}

function explainArgument(text: string): string {
  const names = Object.keys(commands);
  const meant = nearest(text, names);
  const hint = meant === undefined ? `the commands are ${names.join(", ")}.` : `did you mean ${meant}?`;
  return `unexpected argument '${text}'; ${hint}`;
}

function explain(error: CommanderError): string {
  const text = error.message.replace(/^error: /, "");
  const quoted = /'([^' ]+)/.exec(text)?.[1] ?? "";
  if (error.code === "commander.optionMissingArgument") return `${quoted}: needs a value.`;
  if (error.code !== "commander.unknownOption") return text;
  const [flag = ""] = quoted.split("=", 1);
  if (settings.some((setting) => flagName(setting) === flag)) return `${flag}: takes no value.`;
  const meant = /Did you mean (.+)\?/.exec(text)?.[1];
  const hint = meant === undefined ? "oai-serve --help lists all." : `did you mean ${meant}?`;
  return `unknown flag ${quoted}; ${hint}`;
}
