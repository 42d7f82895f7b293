import { ServeError } from "../../core/error.ts";
import type { Tool, ToolChoice } from "../../core/generation.ts";
import type { JsonRecord } from "../../core/json.ts";
import { type GivenSchema, isStrictSchema } from "../../json-schema/assert-schemas.ts";
import { tooManyItems } from "../common/decode-tokens.ts";
import { flatName } from "../common/items/namespace.ts";
import { given } from "../common/sampling.ts";
import type { CallableTool, NamedChoice, ToolChoiceField, ToolField } from "./tool-schema.ts";

/** How a client knows a tool. */
export type ToolName = Readonly<{ name: string; namespace?: string }>;

export interface DecodedTools {
  tools: Tool[];
  /** Of the tools, by the name that the model knows. */
  names: ReadonlyMap<string, ToolName>;
  /** As the response shows them. */
  shown: JsonRecord[];
  schemas: GivenSchema[];
  /** Types of those that nobody runs here. */
  dropped: ReadonlySet<string>;
}

/** In namespaces and outside of them. */
const maxTools = 512;

/** Throws `invalid_request` for tools without a name and for too many. */
export function decodeTools(fields: readonly ToolField[]): DecodedTools {
  const reader = new ToolReader();
  for (const [index, field] of fields.entries()) reader.read(field, `tools[${index}]`);
  if (reader.tools.length > maxTools) throw tooManyItems("tools", maxTools);
  return reader;
}

class ToolReader implements DecodedTools {
  readonly tools: Tool[] = [];
  readonly names = new Map<string, ToolName>();
  readonly shown: JsonRecord[] = [];
  readonly schemas: GivenSchema[] = [];
  readonly dropped = new Set<string>();

  read(field: ToolField, param: string): void {
    if (isCallable(field)) this.shown.push(this.#callable(field, { param }));
    else if (isNamespace(field)) this.#namespace(field, param);
    else this.dropped.add(field.type);
  }

  #namespace(field: NamespaceTool, param: string): void {
    const tools = field.tools.flatMap((inner, index) => {
      if (isCallable(inner)) {
        return [this.#callable(inner, { param: `${param}.tools[${index}]`, namespace: field.name })];
      }
      this.dropped.add(inner.type);
      return [];
    });
    this.shown.push({
      type: "namespace",
      name: field.name,
      description: field.description ?? "",
      tools,
    });
  }

  /** Takes the tool up; gives what the response shows of it. */
  #callable(field: CallableTool, { param, namespace }: { param: string; namespace?: string }): JsonRecord {
    const isNested = field.name == null;
    const inner = field.type === "custom" ? field.custom : field.function;
    const name = field.name ?? inner?.name;
    if (name === undefined) throw nameless(param);
    const flat = flatName({ name, namespace });
    this.names.set(flat, { name, ...given("namespace", namespace) });
    const description = field.description ?? inner?.description;
    if (field.type === "custom") {
      this.tools.push({ kind: "custom", name: flat, ...given("description", description) });
      return { type: "custom", name, description: description ?? null, ...given("format", field.format) };
    }
    const { parameters, strict } = isNested && field.function != null ? field.function : field;
    const isStrict = strict ?? (parameters != null && isStrictSchema(parameters));
    if (parameters != null) {
      this.schemas.push({
        schema: parameters,
        param: `${param}.${isNested ? "function." : ""}parameters`,
        isStrict,
        isChecked: isStrict,
        isObject: true,
      });
    }
    this.tools.push({
      kind: "function",
      name: flat,
      ...given("description", description),
      ...given("parameters", parameters),
      strict: isStrict,
    });
    return {
      type: "function",
      name,
      description: description ?? null,
      parameters: parameters ?? null,
      strict: isStrict,
    };
  }
}

type NamespaceTool = Extract<ToolField, { tools: unknown }>;

function isCallable(field: { type: string }): field is CallableTool {
  return field.type === "function" || field.type === "custom";
}

function isNamespace(field: ToolField): field is NamespaceTool {
  return field.type === "namespace";
}

function nameless(param: string): ServeError {
  return new ServeError("invalid_request", `'${param}.name' is required, but it is missing.`, {
    code: "missing_required_parameter",
    param: `${param}.name`,
  });
}

/** Throws `invalid_request` for a choice of what is not there. */
export function decodeToolChoice(
  choice: ToolChoiceField | null | undefined,
  { tools, names }: Pick<DecodedTools, "tools" | "names">,
): ToolChoice {
  const wanted = choice ?? "auto";
  if (typeof wanted === "string") {
    if (tools.length > 0) return { mode: wanted };
    if (wanted === "required") throw badChoice("'tool_choice' asks for a call, but there are no 'tools'.");
    return { mode: "none" };
  }
  if (isNamed(wanted)) return { mode: "named", name: findTool(wanted, names) };
  if (isAllowed(wanted)) return decodeAllowed(wanted, names);
  throw new ServeError("invalid_request", "'tool_choice' asks for a hosted tool, and there are none here.", {
    code: "unsupported_value",
    param: "tool_choice",
  });
}

type AllowedChoice = Extract<ToolChoiceField, { mode: unknown }>;

function decodeAllowed({ mode, tools }: AllowedChoice, names: DecodedTools["names"]): ToolChoice {
  const allowed = tools.filter(isNamed).map((tool) => findTool(tool, names));
  if (allowed.length > 0) return { mode: "allowed", required: mode === "required", names: allowed };
  if (mode === "required") throw badChoice("'tool_choice' allows none of the tools that can be called here.");
  return { mode: "none" };
}

function isNamed(choice: object): choice is NamedChoice {
  return "type" in choice && (choice.type === "function" || choice.type === "custom");
}

function isAllowed(choice: object): choice is AllowedChoice {
  return "type" in choice && choice.type === "allowed_tools";
}

/** The name that the model knows; one of a namespace may be called by its own name alone. */
function findTool(choice: NamedChoice, names: DecodedTools["names"]): string {
  const inner = choice.type === "custom" ? choice.custom : choice.function;
  const name = choice.name ?? inner?.name ?? "";
  const flat = flatName({ name, namespace: choice.namespace });
  if (names.has(flat)) return flat;
  const [found] = [...names].find(([, known]) => known.name === name) ?? [];
  if (found === undefined) throw badChoice("The chosen tool is not among those given.");
  return found;
}

function badChoice(message: string): ServeError {
  return new ServeError("invalid_request", message, { code: "invalid_value", param: "tool_choice" });
}
