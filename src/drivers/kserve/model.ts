import { ServeError } from "../../core/error.ts";
import type { Capabilities } from "../../core/generation.ts";
import { guessTemplate } from "../../text/templates/guess.ts";
import { reasoningFormats } from "../../text/reasoning/formats.ts";
import type { ReasoningMarks } from "../../text/reasoning/format.ts";
import type { Template } from "../../text/templates/template.ts";
import type { ToolCallFormat, ToolCallFormatName } from "../../text/tool-calls/format.ts";
import { toolCallFormats } from "../../text/tool-calls/formats.ts";
import type { ModelProfile } from "./dialects/dialect.ts";
import type { Dialect, DialectName } from "./dialects/dialect.ts";
import { dialects } from "./dialects/dialects.ts";
import type { ModelSettings } from "./settings.ts";
import type { StreamRoutes } from "./stream-routes.ts";

/** A model of the server as clients get it: how it is called, how it is spoken to, how its text is read. */
export interface KserveModel {
  /** The server's own name. */
  readonly target: string;
  readonly profile: ModelProfile;
  readonly dialect: Dialect;
  readonly settings: ModelSettings;
  readonly template: Template;
  /** How it writes tool calls; absent when it is not to be given tools. */
  readonly toolCalls?: ToolCallFormat;
  readonly reasoning?: ReasoningMarks;
  readonly routes: StreamRoutes;
  readonly capabilities: Capabilities;
}

/** Calls that one embedding request has under way at once, at most. */
export const embedCallsAtOnce = 16;

/** Puts a model together from what the server says of it and what the operator set. */
export function createModel(
  profile: ModelProfile,
  dialectName: DialectName,
  settings: ModelSettings,
  routes: StreamRoutes,
): KserveModel {
  const dialect = dialects[dialectName](profile, settings.dialectOptions);
  const template = settings.template ?? guessTemplate(dialectName === "anyserve" ? "" : profile.name);
  const toolCalls = toolCallFormat(settings, template);
  const reasoning = reasoningMarks(settings, template);
  return {
    target: profile.name,
    profile,
    dialect,
    settings,
    template,
    ...(toolCalls === undefined ? {} : { toolCalls }),
    ...(reasoning === undefined ? {} : { reasoning }),
    routes,
    capabilities: toCapabilities(dialect, settings, template, toolCalls),
  };
}

/** A model whose template says nothing of tools is told about them in words, and answers in this form. */
const wordedFormat: ToolCallFormatName = "hermes";

function toolCallFormat(settings: ModelSettings, template: Template): ToolCallFormat | undefined {
  if (settings.toolParser === "none") return undefined;
  if (settings.toolParser !== "auto") return toolCallFormats[settings.toolParser];
  return toolCallFormats[template.toolCalls ?? wordedFormat];
}

function reasoningMarks(settings: ModelSettings, template: Template): ReasoningMarks | undefined {
  const parser = settings.reasoningParser;
  if (parser === "none") return undefined;
  if (typeof parser === "object") return parser;
  const name = parser === "auto" ? template.reasoning : parser;
  return name === undefined ? undefined : reasoningFormats[name];
}

function toCapabilities(
  dialect: Dialect,
  settings: ModelSettings,
  { variables }: Template,
  toolCalls: ToolCallFormat | undefined,
): Capabilities {
  const { abilities, embeddings } = dialect;
  const isConstrained = abilities.constraints.has("schema");
  const settable = settings.allowedVariables.intersection(variables);
  return {
    text: abilities.rpcs.length > 0,
    ...(embeddings === undefined
      ? {}
      : { embeddings: { dimensions: embeddings.dimensions, callsAtOnce: embedCallsAtOnce } }),
    choices: abilities.choices,
    sampling: abilities.sampling,
    extra: new Set([
      ...abilities.extra,
      ...(settable.size === 0 ? [] : ["chat_template_kwargs"]),
      ...(variables.has("documents") ? ["documents"] : []),
    ]),
    logprobs: abilities.logprobs,
    echoLogprobs: false,
    bestOf: abilities.bestOf,
    tools: toolCalls !== undefined,
    toolChoice: isConstrained,
    images: abilities.images !== "none",
    audio: false,
    files: false,
    suffix: settings.fim !== undefined,
    tokenPrompts: false,
    json: isConstrained,
    reasoningEffort: settable.has("reasoning_effort"),
    reportsLength: abilities.reportsLength,
    wholeOnly: abilities.rpcs[0] === "infer",
    cutsStop: abilities.cutsStop ?? false,
    needsMaxTokens: abilities.needsMaxTokens,
  };
}

/** Nobody said how conversations become a prompt, nor does the model's name; AnyServe's own form is the plain one. */
export function isTemplateUnknown({ settings, template, dialect }: KserveModel): boolean {
  const isText = dialect.abilities.rpcs.length > 0;
  return (
    settings.template === undefined && template.name === "plain" && dialect.name !== "anyserve" && isText
  );
}

/** For a model that the server has and that is not one for text. */
export function notText(): ServeError {
  return new ServeError(
    "not_found",
    "The model server's model of this name does not generate text, or in a form that is not known.",
    { code: "model_not_found", param: "model" },
  );
}

/** For a model that stands for an adapter where none can be asked for: the model without it is another one. */
export function noAdapter(): ServeError {
  return new ServeError("not_found", "The model server takes no adapter by name for this model.", {
    code: "model_not_found",
    param: "model",
  });
}
