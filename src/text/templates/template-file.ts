import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError } from "../../core/error.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import type { SpecialTokens } from "./jinja/conversation.ts";

/** What stands in a model's files about its chat template. */
export interface TemplateFile {
  source: string;
  /** A template for conversations with tools, if the model has one of its own for them. */
  toolSource?: string;
  tokens: SpecialTokens;
}

const maxBytes = 16 * 1_048_576;
const tokenizerConfig = "tokenizer_config.json";
const jinjaFile = "chat_template.jinja";

/**
 * Reads `tokenizer_config.json`, or a Jinja file and the `tokenizer_config.json` beside it, if there is one
 * (https://huggingface.co/docs/transformers/chat_templating_writing). Throws `ConfigError`, which starts with `place`.
 */
export function readTemplateFile(file: string, place: string): TemplateFile {
  const folder = dirname(file);
  if (!file.endsWith(".json")) {
    const source = readText(file, place);
    const neighbour = join(folder, tokenizerConfig);
    return { source, tokens: isFile(neighbour) ? tokensOf(readJson(neighbour, place)) : {} };
  }
  const config = readJson(file, place);
  const tokens = tokensOf(config);
  const template = config["chat_template"];
  if (typeof template === "string") return { source: template, tokens };
  if (Array.isArray(template)) return { ...namedTemplates(template, `${place}: ${file}`), tokens };
  const neighbour = join(folder, jinjaFile);
  if (isFile(neighbour)) return { source: readText(neighbour, place), tokens };
  throw new ConfigError(`${place}: ${file} has no chat_template, and there is no ${jinjaFile} beside it.`);
}

function namedTemplates(
  list: readonly unknown[],
  where: string,
): Pick<TemplateFile, "source" | "toolSource"> {
  const sources = new Map(list.filter(isRecord).map(({ name, template }) => [name, template] as const));
  const [first] = sources.values();
  const source = sources.get("default") ?? first;
  const toolSource = sources.get("tool_use");
  if (typeof source !== "string") throw new ConfigError(`${where} has no chat_template named default.`);
  return typeof toolSource === "string" ? { source, toolSource } : { source };
}

function tokensOf(config: JsonRecord): SpecialTokens {
  const bosToken = tokenText(config["bos_token"]);
  const eosToken = tokenText(config["eos_token"]);
  return {
    ...(bosToken === undefined ? {} : { bosToken }),
    ...(eosToken === undefined ? {} : { eosToken }),
  };
}

/** A token is a text, or an object that says more about it. */
function tokenText(token: unknown): string | undefined {
  const text = isRecord(token) ? token["content"] : token;
  return typeof text === "string" ? text : undefined;
}

function readJson(file: string, place: string): JsonRecord {
  const text = readText(file, place);
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch (error) {
    throw new ConfigError(`${place}: ${file} is not valid JSON.`, { cause: error });
  }
  throw new ConfigError(`${place}: ${file} must hold a JSON object.`);
}

function readText(file: string, place: string): string {
  let bytes: Buffer;
  try {
    if (statSync(file).size > maxBytes) throw new ConfigError(`${place}: ${file} is larger than 16 MiB.`);
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${place}: cannot read ${file} (${reason(error)}).`, { cause: error });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError(`${place}: ${file} is not UTF-8 text.`, { cause: error });
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "it is a directory",
};

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  return reasons[code] ?? code;
}
