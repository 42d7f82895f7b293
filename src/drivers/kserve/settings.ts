import { ConfigError } from "../../core/error.ts";
import { fimPattern } from "../../text/fim.ts";
import type { ReasoningFormatName, ReasoningMarks } from "../../text/reasoning/format.ts";
import { loadTemplate } from "../../text/templates/load.ts";
import type { Template } from "../../text/templates/template.ts";
import type { ToolCallFormatName } from "../../text/tool-calls/format.ts";
import type { KserveModelSettings } from "./config.ts";
import type { DialectName, DialectOptions } from "./dialects/dialect.ts";

/** What the operator says of a model, checked and complete. */
export interface ModelSettings {
  dialect: DialectName | "auto";
  dialectOptions: DialectOptions;
  /** Absent: chosen by the model's name. */
  template?: Template;
  variables: Readonly<Record<string, unknown>>;
  /** Variables that a client may set. */
  allowedVariables: ReadonlySet<string>;
  toolParser: ToolCallFormatName | "auto" | "none";
  reasoningParser: ReasoningFormatName | "auto" | "none" | ReasoningMarks;
  /** With {prefix} and {suffix}. */
  fim?: string;
  lora?: string;
}

const defaultAllowedVariables = ["enable_thinking", "thinking", "reasoning_effort"];

/** Reads the settings at `path` of the configuration. Throws `ConfigError`, as when a template cannot be read. */
export function toModelSettings(settings: KserveModelSettings, path: string): ModelSettings {
  const { layout, tensors, structured_outputs: structuredOutputs } = settings;
  const fim = settings.fim === undefined ? undefined : fimPattern(settings.fim);
  if (settings.fim !== undefined && fim === undefined) {
    throw new ConfigError(
      `${path}.fim must be the name of a family of models, or a text with {prefix} and {suffix}.`,
    );
  }
  return {
    dialect: settings.dialect ?? "auto",
    dialectOptions: {
      ...(layout === undefined ? {} : { layout }),
      ...(tensors === undefined ? {} : { tensors }),
      ...(structuredOutputs === undefined ? {} : { structuredOutputs }),
    },
    ...(settings.template === undefined
      ? {}
      : { template: loadTemplate(settings.template, `${path}.template`) }),
    variables: settings.template_variables ?? {},
    allowedVariables: new Set(settings.allowed_template_variables ?? defaultAllowedVariables),
    toolParser: settings.tool_parser ?? "auto",
    reasoningParser: settings.reasoning_parser ?? "auto",
    ...(fim === undefined ? {} : { fim }),
    ...(settings.lora === undefined ? {} : { lora: settings.lora }),
  };
}
