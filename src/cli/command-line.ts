import { Command, CommanderError, Option } from "commander";
import type { Flags } from "../config/given.ts";
import { nearest } from "../config/nearest.ts";
import type { Setting } from "../config/setting.ts";
import { environmentNames, flagName, isSwitch, settings } from "../config/settings.ts";
import { ConfigError } from "../core/error.ts";

type PlainCommand = "serve" | "check" | "agents" | "schema" | "types" | "agent-worker";
export type CommandName = PlainCommand | "run" | "probe" | "conversations";

/** What the command line asks for: a command, or a text (help, version) that answers it already. */
export type CommandLine =
  | { command: PlainCommand; flags: Flags }
  | { command: "run"; agent: string; flags: Flags }
  | { command: "probe"; endpoint: string; flags: Flags }
  /** `words`: what to do, and with which conversation. */
  | { command: "conversations"; words: readonly string[]; flags: Flags }
  | { command: "print"; text: string };

/** Throws `ConfigError` for what is not a command, a flag or a flag's value. */
export function readCommandLine(args: readonly string[], version: string): CommandLine {
  const flags: Record<string, string[]> = {};
  let asked: Asked = { name: "serve", words: [] };
  let output = "";
  const program = new Command("oai-serve").exitOverride().configureOutput({
    writeOut: (text) => (output += text),
    writeErr: () => {},
  });
  describeProgram(program, version);
  for (const setting of settings) addOption(program, setting, flags);
  addCommands(program, (name, words) => (asked = { name, words }));
  try {
    program.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new ConfigError(explain(error));
    return { command: "print", text: output };
  }
  return withWords(asked, flags);
}

interface Asked {
  name: CommandName;
  /** What stands after the command and is no flag. */
  words: readonly string[];
}

function withWords({ name, words }: Asked, flags: Flags): CommandLine {
  switch (name) {
    case "probe": {
      const [endpoint, ...rest] = words;
      if (endpoint === undefined) throw new ConfigError(missingEndpoint);
      refuseWords(rest);
      return { command: name, endpoint, flags };
    }
    case "run": {
      const [kind, agent, ...rest] = words;
      if (kind !== "agent" || agent === undefined) throw new ConfigError(missingAgent);
      refuseWords(rest);
      return { command: name, agent, flags };
    }
    case "conversations":
      return { command: name, words, flags };
    default:
      refuseWords(words);
      return { command: name, flags };
  }
}

function refuseWords([word]: readonly string[]): void {
  if (word !== undefined) throw new ConfigError(explainArgument(word));
}

const missingEndpoint = "probe needs the address of a model server, such as localhost:8001.";
const missingAgent = "run needs the word agent and the name of one: oai-serve run agent researcher.";

interface CommandFacts {
  name: CommandName;
  description: string;
  /** What stands before the flags. */
  words?: string;
  alias?: string;
  /** Flags of this command alone; they change nothing. */
  flags?: Readonly<Record<string, string>>;
}

const commands: readonly CommandFacts[] = [
  { name: "serve", description: "answer requests (the default)" },
  {
    name: "run",
    description: "serve one agent of .agent.yaml, or of --config and --agent, on 0.0.0.0:8765",
    words: "agent <name>",
    flags: { "--openai-mode": "as an OpenAI-compatible server; it is one without this flag too" },
  },
  { name: "agents", description: "list the agents, their models, tools and files", alias: "plugins" },
  { name: "check", description: "check the configuration, reach every backend and say what it serves" },
  {
    name: "probe",
    description: "ask the model server at HOST:PORT what it is and has, and for a trial answer of --model",
    words: "<host:port>",
  },
  {
    name: "conversations",
    description: "list the stored conversations, or show or delete one",
    words: "list | show <id> | delete <id>",
  },
  { name: "schema", description: "print the JSON Schema of the configuration file" },
  { name: "types", description: "print the types of agent files, for an editor" },
];

const examples = `
Examples:
  oai-serve                                     the built-in demo model on http://127.0.0.1:8080
  oai-serve --kserve-endpoint triton:8001       every text model of a KServe v2 server
  oai-serve --anyserve-endpoint localhost:8000  an AnyServe server
  oai-serve --agent my-agent.ts                 agents in TypeScript or JavaScript
  oai-serve run agent researcher                one agent of .agent.yaml in the working directory
  oai-serve probe triton:8001                   what a server is and has, and how it is spoken to
  oai-serve check --config oai-serve.yaml       whether a configuration works`;

function describeProgram(program: Command, version: string): void {
  program
    .description(
      "The OpenAI API in front of agents, KServe v2 and OpenAI-compatible model servers, and a built-in demo model.",
    )
    .usage("[command] [options]")
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .optionsGroup("General:")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", examples);
}

function addCommands(program: Command, run: (name: CommandName, words: readonly string[]) => void): void {
  for (const { name, description, words, alias, flags = {} } of commands) {
    const command = program
      .command(name, { isDefault: name === "serve" })
      .description(description)
      .usage(words === undefined ? "[options]" : `${words} [options]`)
      .allowExcessArguments()
      .action((_options: unknown, { args }: Command) => run(name, args));
    if (alias !== undefined) command.alias(alias);
    for (const [flag, help] of Object.entries(flags)) command.option(flag, help);
  }
  // Started by the server itself.
  program.command("agent-worker", { hidden: true }).action(() => run("agent-worker", []));
}

function addOption(program: Command, setting: Setting, flags: Record<string, string[]>): void {
  const flag = flagName(setting);
  const facts = [
    ...(setting.standard === undefined ? [] : [`default: ${setting.standard}`]),
    `env: ${environmentNames(setting).join(", ")}`,
  ];
  const names = setting.short === undefined ? setting.flag : `${setting.short}, ${setting.flag}`;
  const option = new Option(names, `${setting.help} (${facts.join("; ")})`).helpGroup(setting.group);
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
  const names = commands.map(({ name }) => name);
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
