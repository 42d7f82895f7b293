import { Type, type Static } from "@sinclair/typebox";
import { publicModelId } from "./model-schema.ts";
import { PresetFile } from "./preset-schema.ts";

const closed = { additionalProperties: false };

/** What the agent is told to be. Weave also takes the name of a file there, and what is meant is not that name. */
function instructions(description: string) {
  return Type.Optional(
    Type.String({
      maxLength: 1_048_576,
      pattern: "^(?!@[a-z]+/\\S+$)",
      expected: "the text itself, such as `|` and some lines; a file is not read",
      description,
    }),
  );
}

const name = Type.String({
  pattern: "^\\S{1,256}$",
  expected: "a name of 1 to 256 characters without spaces",
});

function names(description: string) {
  return Type.Optional(Type.Array(name, { maxItems: 256, description }));
}

/** Fields of a request for what a client leaves out; `stop_sequences` is Weave's name for `stop`. */
const sampling = {
  ...PresetFile.properties,
  stop_sequences: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 1_024 }), {
      maxItems: 16,
      description: "Texts that end the answer; the same as `stop`.",
    }),
  ),
};

const ModelConfigFile = Type.Object(
  {
    provider: Type.Optional(
      Type.String({ pattern: "^\\S{1,64}$", expected: "a provider", description: "Provider of the model." }),
    ),
    ...sampling,
    api_base: Type.Optional(
      Type.String({
        pattern: "^https?://\\S{1,2000}$",
        expected: "an address such as https://api.example/v1",
        description: "Address of an OpenAI-compatible server that has the model, for this agent only.",
      }),
    ),
    api_key_env: Type.Optional(
      Type.String({
        pattern: "^[A-Z_][A-Z0-9_]{0,127}$",
        expected: "the name of an environment variable in capital letters, and not the key itself",
        description: "Variable that holds the key of that server.",
      }),
    ),
  },
  { ...closed, description: "As `config`, and where the model is." },
);

const idle = Type.Optional(Type.Unknown({ description: "Taken from Weave's files; without effect." }));

/** Keys of Weave that say nothing to this program: of an agent. */
export const idleAgentKeys = {
  capabilities: idle,
  memory: idle,
  storage: idle,
  outputs: idle,
  skills: idle,
  knowledge: idle,
  rules: idle,
  behaviors: idle,
};

/** The same of a whole file. */
export const idleFileKeys = {
  env: idle,
  weaves: idle,
  storage: idle,
  observability: idle,
  runtime: idle,
};

/** One agent under `agents`; also what Weave writes there. */
export const AgentFile = Type.Object(
  {
    model: publicModelId(
      "What it asks: a model of this server, another agent, or a provider's model such as gpt-4o-mini.",
    ),
    description: Type.Optional(
      Type.String({ maxLength: 4_096, description: "What it is good for; teams choose by it." }),
    ),
    system: instructions("What the agent is told to be, in front of every conversation."),
    prompt: instructions("The same as `system`."),
    system_prompt: instructions("The same as `system`."),
    tools: names("Tools that it may use: built-in or configured ones, and names of MCP servers."),
    agents: names("Agents that it may hand parts of its work to."),
    inputs: Type.Optional(
      Type.Union([name, Type.Array(name, { maxItems: 16 })], {
        description: "Agents that answer first; what they say is put before it.",
      }),
    ),
    parallel: Type.Optional(
      Type.Boolean({ default: true, description: "Whether it may hand work to several at once." }),
    ),
    max_iterations: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description: "Most questions to its model for one answer.",
      }),
    ),
    config: Type.Optional(
      Type.Object(sampling, {
        ...closed,
        description: "Fields of a request for what a client leaves out, such as `temperature: 0.7`.",
      }),
    ),
    model_config: Type.Optional(ModelConfigFile),
    private: Type.Optional(
      Type.Boolean({ default: false, description: "It answers other agents and no clients." }),
    ),
    default: Type.Optional(
      Type.Boolean({ default: false, description: "It answers requests that name no model." }),
    ),
    ...idleAgentKeys,
  },
  closed,
);
export type AgentFile = Static<typeof AgentFile>;
export type ModelConfigFile = Static<typeof ModelConfigFile>;
