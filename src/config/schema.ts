import { Type, type Static } from "@sinclair/typebox";
import { agentSections } from "./agent-sections.ts";
import type { BackendConfig } from "./config.ts";
import {
  contextTokens,
  createBackendSchema,
  createModelSchema,
  identifier,
  publicId,
  publicIdForm,
  publicModelId,
  type DriverSchemas,
} from "./model-schema.ts";
import type { PresetFile } from "./preset-schema.ts";
import { durationSchema, sizeSchema } from "./quantity-schema.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** One backend as it stands in the file: its driver's keys, and what holds for all of its models. */
export type BackendFile = BackendConfig & { readonly defaults?: PresetFile; readonly overrides?: PresetFile };

/**
 * What the YAML file may hold, under the file's own names: closed at every level, bounded, with defaults.
 * The same schema validates, documents (`oai-serve schema`) and types.
 */
export function createFileSchema(drivers: DriverSchemas) {
  const kinds = Object.values(drivers).map(createBackendSchema);
  return Type.Object(
    {
      listen,
      auth,
      cors,
      limits,
      timeouts,
      stream,
      shutdown,
      log,
      backends: Type.Record(
        Type.String({ pattern: identifier }),
        Type.Unsafe<BackendFile>(Type.Union(kinds)),
        {
          additionalProperties: false,
          maxProperties: 1_000,
          default: {},
          expectedKey: "letters, digits, dots, dashes and underscores, at most 64",
          description:
            "Model servers by a name of your choice. Without any, and without agents, the built-in demo model answers.",
        },
      ),
      models: Type.Record(Type.String({ pattern: publicId }), createModelSchema(drivers), {
        additionalProperties: false,
        maxProperties: 10_000,
        default: {},
        expectedKey: publicIdForm,
        description: "Models by public id. None means that each backend's own models are served.",
      }),
      ...agentSections,
      default_model: Type.Optional(publicModelId("Model that answers requests which name none.")),
      public_model: Type.Optional(publicModelId("Id under which the default backend's model is published.")),
      strict: Type.Boolean({
        default: false,
        description: "Refuse what cannot be honoured and fields that OpenAI's API does not know.",
      }),
      token_model: Type.String({
        minLength: 1,
        maxLength: 256,
        default: "gpt-4",
        description: "Model whose tokenizer counts tokens.",
      }),
      max_context_tokens: Type.Optional(contextTokens("Context size of models that do not say theirs.")),
    },
    { ...closed, title: "Configuration of oai-serve" },
  );
}

export type FileSchema = ReturnType<typeof createFileSchema>;

/** The file after validation: sections and their defaults are all there. */
export type ConfigFile = Static<FileSchema>;

const closed = { additionalProperties: false };

const section = { ...closed, default: {} };

const listen = Type.Object(
  {
    host: Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: "^\\S+$",
      default: "127.0.0.1",
      expected: "a host name or an address",
      description: "Address to listen on; 0.0.0.0 for all.",
    }),
    port: integer(8080, 0, 65_535, "Port to listen on; 0 takes any free one."),
    max_body: sizeSchema({
      default: "32MiB",
      minimum: 1_024,
      maximum: 1_073_741_824,
      description: "Largest request body.",
    }),
    max_file: sizeSchema({
      default: "100MiB",
      minimum: 1_024,
      maximum: 2_147_483_648,
      description: "Largest file that can be uploaded.",
    }),
  },
  section,
);

const auth = Type.Object(
  {
    keys: Type.Array(
      Type.String({
        pattern: "^[\\x21-\\x7e]{1,512}$",
        expected: "a key of 1 to 512 visible ASCII characters",
        description: "Sent by clients as `Authorization: Bearer KEY`.",
      }),
      { maxItems: 10_000, default: [], description: "Keys that may call; none means everybody may." },
    ),
  },
  section,
);

const cors = Type.Object(
  {
    origins: Type.Array(
      Type.String({
        maxLength: 300,
        pattern: "^(\\*|[A-Za-z][A-Za-z0-9+.-]*://[^\\s/?#]+/?)$",
        expected: "an origin such as https://app.example without a path, or *",
      }),
      {
        maxItems: 1_000,
        default: [],
        description: "Web origins that may call, besides loopback ones; * for all.",
      },
    ),
  },
  section,
);

const limits = Type.Object(
  {
    max_concurrency: integer(1_024, 1, 100_000, "Generations that run at once."),
    batch_concurrency: integer(
      4,
      1,
      10_000,
      "Lines of batches that run at once, never more than half of max_concurrency.",
    ),
    max_queue: integer(1_024, 0, 100_000, "Generations that wait for a place before others are refused."),
    max_json_depth: integer(128, 1, 1_000, "Deepest nesting of a request body."),
    max_json_values: integer(524_288, 1_000, 100_000_000, "Values in a request body; a key counts as four."),
    max_messages: integer(16_384, 1, 1_000_000, "Most messages in one request."),
    max_repairs: integer(
      2,
      0,
      10,
      "How often a model is asked again whose answer breaks its response_format or tool_choice.",
    ),
  },
  section,
);

const timeouts = Type.Object(
  {
    connect: durationSchema({
      default: "5s",
      minimum: 1,
      maximum: 10 * minute,
      description: "Longest wait for a connection to a backend.",
    }),
    first_token: durationSchema({
      default: "10m",
      minimum: 1,
      maximum: 24 * hour,
      description: "Longest wait for the first token.",
    }),
    between_tokens: durationSchema({
      default: "2m",
      minimum: 1,
      maximum: 24 * hour,
      description: "Longest wait between two tokens.",
    }),
    agent: durationSchema({
      default: "10m",
      minimum: 1,
      maximum: 24 * hour,
      description: "Longest silence of an agent, which may be at work meanwhile: instead of the two above.",
    }),
    total: durationSchema({
      default: "0s",
      minimum: 0,
      maximum: 168 * hour,
      description: "Longest generation; 0 for no limit.",
    }),
    client: durationSchema({
      default: "2m",
      minimum: second,
      maximum: hour,
      description: "Longest wait for a client that does not read its stream.",
    }),
  },
  section,
);

const stream = Type.Object(
  {
    head_start: durationSchema({
      default: "2s",
      minimum: 0,
      maximum: 5 * minute,
      description:
        "Wait for the first token before a stream's headers are sent, so that an early failure is a status.",
    }),
    keep_alive: durationSchema({
      default: "10s",
      minimum: 100,
      maximum: hour,
      description: "Silence after which a stream gets a comment, so that proxies keep it open.",
    }),
  },
  section,
);

const shutdown = Type.Object(
  {
    delay: durationSchema({
      default: "0s",
      minimum: 0,
      maximum: 10 * minute,
      description: "Time to serve on, reporting not ready, before connections are refused.",
    }),
    grace: durationSchema({
      default: "30s",
      minimum: 0,
      maximum: 24 * hour,
      description: "Time for running requests to end before they are cancelled.",
    }),
  },
  section,
);

const log = Type.Object(
  {
    format: choice(["pretty", "json"], { default: "pretty", description: "Form of log lines." }),
    level: choice(["debug", "info", "warn", "error"], {
      default: "info",
      description: "Least level that is logged.",
    }),
    content: Type.Optional(
      choice(["preview", "full", "off"], {
        description:
          "How much of prompts and answers is logged; preview on a terminal in pretty form, otherwise off.",
      }),
    ),
  },
  section,
);

function integer(standard: number, minimum: number, maximum: number, description: string) {
  return Type.Integer({ default: standard, minimum, maximum, description });
}

function choice<const Words extends readonly string[]>(
  words: Words,
  options: { default?: string; description: string },
) {
  return Type.Unsafe<Words[number]>(
    Type.String({ ...options, enum: [...words], pattern: `^(${words.join("|")})$` }),
  );
}
