import { Type } from "@sinclair/typebox";
import { McpServersFile, ToolsFile } from "../agents/config/tool-schema.ts";
import { AgentFile, idleFileKeys } from "./agent-schema.ts";
import { contextTokens, publicId, publicIdForm } from "./model-schema.ts";
import { durationSchema, sizeSchema } from "./quantity-schema.ts";

const second = 1_000;
const hour = 3_600 * second;

const section = { additionalProperties: false, default: {} };

/** What a file may say about agents and their conversations. */
export const agentSections = {
  version: Type.Optional(
    Type.Union([Type.String({ maxLength: 64 }), Type.Number()], {
      description: "Of the form of the file; there is only one.",
    }),
  ),
  agents: Type.Record(Type.String({ pattern: publicId }), AgentFile, {
    additionalProperties: false,
    maxProperties: 10_000,
    default: {},
    expectedKey: publicIdForm,
    description: "Agents by public id: models that work with tools and with each other.",
  }),
  tools: ToolsFile,
  mcp_servers: McpServersFile,
  agent_files: Type.Array(Type.String({ minLength: 1, maxLength: 4_096 }), {
    maxItems: 1_000,
    default: [],
    description:
      "Files and folders of agents in TypeScript or JavaScript; relative ones are sought beside this file.",
  }),
  agent_workers: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 256,
    description: "Processes that run the agents of files; 0 runs them in the server's own.",
  }),
  watch: Type.Boolean({ default: false, description: "Load agent files again when they change." }),
  agent_limits: Type.Object(
    {
      max_iterations: integer(10, 1, 1_000, "Most questions to its model for one answer of an agent."),
      max_model_calls: integer(100, 1, 100_000, "Most questions to models for one request of a client."),
      max_tool_calls: integer(200, 0, 100_000, "Most calls of tools for one request of a client."),
      max_depth: integer(8, 1, 64, "Most agents that ask one another for one request."),
      tool_timeout: durationSchema({
        default: "60s",
        minimum: 1,
        maximum: hour,
        description: "Longest run of a tool that does not say its own.",
      }),
    },
    section,
  ),
  conversations: Type.Object(
    {
      max_context_tokens: Type.Optional(
        contextTokens("Older turns are left out of what an agent is given beyond so many tokens."),
      ),
      expire: durationSchema({
        default: "720h",
        minimum: 0,
        maximum: 87_600 * hour,
        description: "Time after its last turn when a conversation is forgotten; 0 for never.",
      }),
      max_messages: integer(10_000, 2, 1_000_000, "Most messages of a conversation; the oldest go."),
      max_bytes: sizeSchema({
        default: "16MiB",
        minimum: 1_024,
        maximum: 1_073_741_824,
        description: "Largest conversation; the oldest messages go.",
      }),
      max_total: Type.Optional(
        sizeSchema({
          minimum: 1_048_576,
          maximum: 1_099_511_627_776,
          description:
            "Everything that is stored, together; the oldest go, of the key that has most, but no files and batches, which have half of it. 1GiB if absent, 256MiB in memory, 8GiB in PostgreSQL.",
        }),
      ),
      max_per_key: integer(
        100_000,
        1,
        1_000_000_000,
        "Conversations, responses, chat completions, files, batches of one key, each; the oldest go, but no files and batches.",
      ),
    },
    section,
  ),
  store: Type.Optional(
    Type.String({
      maxLength: 4_096,
      pattern: "^(memory:|sqlite:[^\\x00-\\x20][^\\x00-\\x1f]*|postgres(ql)?://[^\\x00-\\x20]+)$",
      expected: "memory:, sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE",
      description:
        "Where responses, conversations, chat completions, files and batches are kept: `memory:`, `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, which several servers may share.",
    }),
  ),
  ...idleFileKeys,
};

function integer(standard: number, minimum: number, maximum: number, description: string) {
  return Type.Integer({ default: standard, minimum, maximum, description });
}
