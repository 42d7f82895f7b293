import { type Static, Type } from "@sinclair/typebox";
import { nullish, open, words } from "../../http/schema.ts";

const toolName = Type.String({ minLength: 1, maxLength: 128, pattern: "^[A-Za-z0-9_-]+$" });
const description = nullish(Type.String({ description: "Tells the model when and how to call it." }));

const functionFields = {
  description,
  parameters: nullish(
    Type.Record(Type.String(), Type.Unknown(), { description: "JSON Schema of the arguments." }),
  ),
  strict: nullish(
    Type.Boolean({
      description:
        "Whether the arguments have to follow the schema. If it is left out, they have to where the schema keeps to OpenAI's strict subset.",
    }),
  ),
};
const FunctionToolField = open(
  {
    type: Type.Literal("function"),
    name: nullish(toolName),
    ...functionFields,
    function: nullish(
      open({ name: toolName, ...functionFields }, { description: "As chat has it; taken as well." }),
    ),
  },
  { title: "ResponseFunctionTool" },
);
const CustomToolField = open(
  {
    type: Type.Literal("custom"),
    name: nullish(toolName),
    description,
    format: nullish(open({}, { description: "Grammars are not enforced." })),
    custom: nullish(open({ name: toolName, description }, { description: "As chat has it; taken as well." })),
  },
  { title: "ResponseCustomTool", description: "A tool that takes free text." },
);
export type CallableTool = Static<typeof FunctionToolField> | Static<typeof CustomToolField>;

function otherTool(...read: string[]) {
  return open(
    { type: Type.String({ maxLength: 64, pattern: `^(?!(?:${read.join("|")})$)[\\w:.-]+$` }) },
    {
      title: read.includes("namespace") ? "HostedTool" : "HostedToolOfNamespace",
      description: "A tool that OpenAI runs: left out, and named in the `x-oai-serve-ignored-params` header.",
    },
  );
}

const maxTools = 128;

const NamespaceToolField = open(
  {
    type: Type.Literal("namespace"),
    name: toolName,
    description,
    tools: Type.Array(Type.Union([FunctionToolField, CustomToolField, otherTool("function", "custom")]), {
      maxItems: maxTools,
    }),
  },
  { title: "NamespaceTool", description: "Tools under one name." },
);

export const ToolField = Type.Union(
  [FunctionToolField, CustomToolField, NamespaceToolField, otherTool("function", "custom", "namespace")],
  { title: "ResponseTool" },
);
export type ToolField = Static<typeof ToolField>;

export const toolsField = nullish(
  Type.Array(ToolField, { maxItems: maxTools, description: "What the model may call." }),
);

const named = {
  name: nullish(Type.String({ maxLength: 256 })),
  namespace: nullish(Type.String({ maxLength: 256 })),
};
const NamedFunctionChoice = open(
  {
    type: Type.Literal("function"),
    ...named,
    function: nullish(open({ name: Type.String({ maxLength: 256 }) })),
  },
  { title: "ResponseNamedFunction" },
);
const NamedCustomChoice = open(
  {
    type: Type.Literal("custom"),
    ...named,
    custom: nullish(open({ name: Type.String({ maxLength: 256 }) })),
  },
  { title: "ResponseNamedCustomTool" },
);
export type NamedChoice = Static<typeof NamedFunctionChoice> | Static<typeof NamedCustomChoice>;

const AllowedToolsChoice = open(
  {
    type: Type.Literal("allowed_tools"),
    mode: words("auto", "required"),
    tools: Type.Array(Type.Union([NamedFunctionChoice, NamedCustomChoice, otherTool("function", "custom")]), {
      minItems: 1,
      maxItems: maxTools,
    }),
  },
  { title: "ResponseAllowedTools" },
);

export const ToolChoiceField = Type.Union(
  [
    words("none", "auto", "required"),
    NamedFunctionChoice,
    NamedCustomChoice,
    AllowedToolsChoice,
    open(
      { type: Type.String({ maxLength: 64, pattern: "^(?!(?:function|custom|allowed_tools)$)[\\w:.-]+$" }) },
      { title: "HostedToolChoice", description: "Refused: there is no such tool to be forced." },
    ),
  ],
  {
    title: "ResponseToolChoice",
    description: "Whether the model may, must or must not call tools, and which.",
  },
);
export type ToolChoiceField = Static<typeof ToolChoiceField>;
