import type { TSchema } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { builtInTools } from "../agents/config/built-in-tools.ts";
import { agentProblems } from "./agent-problems.ts";
import { conversationProblems } from "./conversation-problems.ts";
import { nearest } from "./nearest.ts";
import { isMapping, keyPath } from "./path.ts";
import { findProblems, type Problem } from "./problems.ts";
import { settingsOf, type DriverSchemas } from "./model-schema.ts";
import type { ConfigFile, FileSchema } from "./schema.ts";

type Mapping = Readonly<Record<string, unknown>>;

export interface Validation {
  /** With defaults; undefined when it does not match the schema. */
  file: ConfigFile | undefined;
  problems: readonly Problem[];
}

/** What a file is checked against. */
export interface Rules {
  schema: FileSchema;
  drivers: DriverSchemas;
}

/**
 * Checks a whole configuration against the schema and its references against each other, all at once. `textual` are
 * the paths of values that came out of `${env:NAME}`: a number or a truth value may stand there as text.
 */
export function validateFile(
  { schema, drivers }: Rules,
  tree: Mapping,
  textual: ReadonlySet<string>,
): Validation {
  const value = complete(schema, tree, textual);
  const references = [
    ...referenceProblems(value),
    ...foreignSettings(value, drivers),
    ...problemsOfAgents(value, drivers),
    ...conversationProblems(mappingIn(value, "conversations")),
  ];
  if (Check(schema, value)) return { file: value, problems: references };
  return { file: undefined, problems: [...findProblems(schema, value), ...references] };
}

/**
 * What is wrong with the values that stand in a file, also with those that something else overrides. What is
 * missing may come from elsewhere, and so may what a reference means.
 */
export function findOwnProblems(
  schema: FileSchema,
  tree: Mapping,
  textual: ReadonlySet<string>,
): readonly Problem[] {
  return findProblems(schema, complete(schema, tree, textual)).filter(({ segments }) =>
    holds(tree, segments),
  );
}

/** Whether there is something at a path, be it null. */
export function holds(root: unknown, segments: readonly (string | number)[]): boolean {
  let node = root;
  for (const key of segments) {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return false;
    node = Array.isArray(node) ? node[Number(key)] : isMapping(node) ? node[key] : undefined;
  }
  return true;
}

/** With defaults, and with values of the right type where text came out of a variable. */
function complete(schema: FileSchema, tree: Mapping, textual: ReadonlySet<string>): unknown {
  const value = withDefaults(schema, structuredClone(tree));
  if (textual.size === 0) return value;
  for (const { segments } of findProblems(schema, value)) {
    if (textual.has(keyPath(segments))) readText(value, segments);
  }
  return value;
}

/**
 * Fills in what is missing, through nested objects only: a driver applies the defaults of its own part. TypeBox's
 * own function also tries every variant of every union, which costs a start-up several milliseconds.
 */
function withDefaults(schema: TSchema, value: unknown): unknown {
  const present: unknown = value === undefined ? schema.default : value;
  const properties: Readonly<Record<string, TSchema>> | undefined = schema["properties"];
  if (!isMapping(present) || properties === undefined) return present;
  const whole: Record<string, unknown> = { ...present };
  for (const [key, property] of Object.entries(properties)) {
    const filled = withDefaults(property, Object.hasOwn(present, key) ? present[key] : undefined);
    if (filled !== undefined) whole[key] = filled;
  }
  return whole;
}

function readText(root: unknown, segments: readonly (string | number)[]): void {
  const parent = segments
    .slice(0, -1)
    .reduce<unknown>((node, key) => (isMapping(node) ? node[key] : undefined), root);
  const key = segments.at(-1);
  if (!isMapping(parent) || key === undefined) return;
  const text = parent[key];
  if (typeof text === "string" && /^(-?\d{1,15}|true|false)$/.test(text)) parent[key] = JSON.parse(text);
}

/** Of what can be read so far: the schema says what is wrong with the rest. */
function referenceProblems(value: unknown): Problem[] {
  const problems: Problem[] = [];
  const backends = Object.keys(mappingIn(value, "backends"));
  const models = mappingIn(value, "models");
  const taken = new Set(Object.keys(models));
  for (const [id, model] of Object.entries(models)) {
    const { backend, aliases } = isMapping(model) ? model : {};
    if (typeof backend === "string" && !backends.includes(backend)) {
      const meant = nearest(backend, backends);
      const hint = meant === undefined ? `known are ${backends.join(", ")}` : `did you mean ${meant}?`;
      problems.push({ segments: ["models", id, "backend"], text: `there is no such backend; ${hint}` });
    }
    const ids: readonly unknown[] = Array.isArray(aliases) ? aliases : [];
    for (const [index, alias] of ids.entries()) {
      if (typeof alias !== "string") continue;
      if (taken.has(alias)) {
        problems.push({
          segments: ["models", id, "aliases", index],
          text: "another model has this id already",
        });
      }
      taken.add(alias);
    }
  }
  return problems;
}

function problemsOfAgents(value: unknown, drivers: DriverSchemas): Problem[] {
  const models = mappingIn(value, "models");
  const aliases = Object.values(models).flatMap((model) => {
    const ids: unknown = isMapping(model) ? model["aliases"] : undefined;
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  });
  const files = isMapping(value) ? value["agent_files"] : undefined;
  return agentProblems(mappingIn(value, "agents"), {
    models: new Set([...Object.keys(models), ...aliases]),
    tools: builtInTools,
    mcpServers: Object.keys(mappingIn(value, "mcp_servers")),
    hasFiles: Array.isArray(files) && files.length > 0,
    providers: wordsOf(drivers["openai"]?.configSchema["properties"]?.provider),
  });
}

/** The words of which a schema takes one. */
function wordsOf(schema: TSchema | undefined): readonly string[] {
  const words: readonly unknown[] = schema?.["enum"] ?? schema?.["anyOf"] ?? [];
  return words.flatMap((word) => {
    const text = isMapping(word) ? word["const"] : word;
    return typeof text === "string" ? [text] : [];
  });
}

/** Settings of a model that belong to another kind of backend than its own. */
function foreignSettings(value: unknown, drivers: DriverSchemas): Problem[] {
  const backends = mappingIn(value, "backends");
  return Object.entries(mappingIn(value, "models")).flatMap(([id, model]) => {
    if (!isMapping(model) || typeof model["backend"] !== "string") return [];
    const { kind } = mappingIn(backends, model["backend"]);
    const driver = typeof kind === "string" && Object.hasOwn(drivers, kind) ? drivers[kind] : undefined;
    if (driver === undefined) return [];
    const own = driver.modelSchema?.properties ?? {};
    return Object.keys(settingsOf(model)).flatMap((key) =>
      Object.hasOwn(own, key) || !isSettingOfAny(key, drivers)
        ? []
        : [{ segments: ["models", id, key], text: `is no setting of a backend of kind ${String(kind)}` }],
    );
  });
}

/** What is nobody's setting is an unknown key, and the schema says so. */
function isSettingOfAny(key: string, drivers: DriverSchemas): boolean {
  return Object.values(drivers).some(({ modelSchema }) => Object.hasOwn(modelSchema?.properties ?? {}, key));
}

function mappingIn(value: unknown, key: string): Mapping {
  const found = isMapping(value) ? value[key] : undefined;
  return isMapping(found) ? found : {};
}
