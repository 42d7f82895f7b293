import type { Inspection } from "../../core/generation.ts";
import type { Template } from "../../text/templates/template.ts";
import type { TensorMetadata } from "./codec/messages.ts";
import { type DialectAbilities, samplingParameters } from "./dialects/dialect.ts";
import type { KserveModel } from "./model.ts";

type Facts = Inspection["models"][number]["facts"];

/** A model as an operator wants to see it: how it is spoken to, and what follows from that. */
export function modelFacts({
  profile,
  dialect,
  template,
  toolCalls,
  settings,
  ...model
}: KserveModel): Facts {
  const { metadata, config } = profile;
  const optional = config?.optionalInputs ?? new Set();
  const { abilities } = dialect;
  const reasoning = model.reasoning === undefined ? "none" : model.reasoning.open.join(" ");
  return [
    { name: "dialect", value: `${dialect.name}${settings.dialect === "auto" ? "" : " (configured)"}` },
    ...(metadata === undefined
      ? [{ name: "tensors", value: "the server does not describe them" }]
      : [
          { name: "inputs", value: tensors(metadata.inputs, optional) },
          { name: "outputs", value: tensors(metadata.outputs) },
        ]),
    ...(dialect.embeddings === undefined ? [] : [{ name: "embeddings", value: "yes" }]),
    ...(abilities.rpcs.length === 0
      ? []
      : [
          {
            name: "template",
            value: `${template.name}${settings.template === undefined ? guessed(template) : ""}`,
          },
          { name: "tool calls", value: toolCalls?.name ?? "none" },
          { name: "reasoning", value: reasoning },
          { name: "sampling", value: sampling(abilities) },
        ]),
  ];
}

/** What a template goes by that nobody chose. */
function guessed({ name }: Template): string {
  return name === "plain"
    ? " (the model's name tells of no other; see --chat-template)"
    : " (by the model's name)";
}

/** By the names of the request's fields. */
function sampling({ sampling: taken, extra }: DialectAbilities): string {
  const names = Object.entries(samplingParameters).flatMap(([name, field]) =>
    taken.has(field) ? [name] : [],
  );
  return [...names, ...extra].join(", ") || "none";
}

const shownTensors = 32;

function tensors(all: readonly TensorMetadata[], optional: ReadonlySet<string> = new Set()): string {
  const shown = all
    .slice(0, shownTensors)
    .map(
      ({ name, datatype, shape }) =>
        `${name} ${datatype} [${shape.join(",")}]${optional.has(name) ? " optional" : ""}`,
    );
  const rest = all.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join(", ") || "none";
}
