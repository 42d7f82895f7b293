import { type Static, Type } from "@sinclair/typebox";
import { nullable, nullish, open, words } from "../../http/schema.ts";
import { metadataField } from "../common/fields.ts";

export const endpoints = [
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/embeddings",
  "/v1/responses",
  "/v1/messages",
] as const;

export const CreateBatchRequest = open(
  {
    input_file_id: Type.String({
      minLength: 1,
      maxLength: 128,
      description: "Id of a file of purpose `batch`, with one request a line.",
    }),
    endpoint: Type.Union(
      endpoints.map((endpoint) => Type.Literal(endpoint)),
      { description: "Where all of its requests go." },
    ),
    completion_window: Type.Literal("24h", { description: "What is not done by then expires." }),
    metadata: metadataField("Texts to note down with it."),
    output_expires_after: nullish(
      open(
        {
          anchor: Type.Literal("created_at"),
          seconds: Type.Integer({ minimum: 3_600, maximum: 2_592_000 }),
        },
        {
          title: "OutputExpiresAfter",
          description: "When the files that it writes are gone; never if absent.",
        },
      ),
    ),
  },
  {
    examples: [
      {
        input_file_id: "file-3Zs8KqV1mWcXo5JtY7RbN2dE",
        endpoint: "/v1/chat/completions",
        completion_window: "24h",
      },
    ],
  },
);
export type CreateBatchRequest = Static<typeof CreateBatchRequest>;

const time = (description: string) => Type.Optional(Type.Integer({ description }));

export const Batch = Type.Object({
  id: Type.String(),
  object: Type.Literal("batch"),
  endpoint: Type.String(),
  model: Type.Optional(Type.String({ description: "That of all lines, where they name the same." })),
  errors: Type.Optional(
    Type.Object(
      {
        object: Type.Literal("list"),
        data: Type.Array(
          Type.Object(
            {
              code: Type.String(),
              message: Type.String(),
              line: nullable(Type.Integer({ description: "Counted from 1." })),
              param: nullable(Type.String()),
            },
            { title: "BatchError" },
          ),
        ),
      },
      { title: "BatchErrors", description: "Why it failed." },
    ),
  ),
  input_file_id: Type.String(),
  completion_window: Type.String(),
  status: words(
    "validating",
    "failed",
    "in_progress",
    "finalizing",
    "completed",
    "expired",
    "cancelling",
    "cancelled",
  ),
  output_file_id: Type.Optional(Type.String({ description: "The answers, once it has ended." })),
  error_file_id: Type.Optional(Type.String({ description: "The lines without an answer, likewise." })),
  created_at: Type.Integer({ description: "Unix seconds, as all times." }),
  in_progress_at: time("When its lines began to be asked."),
  expires_at: time("When what is not done expires."),
  finalizing_at: time("When all lines were done."),
  completed_at: time("When its files were there."),
  failed_at: time("When it was found that it cannot be run."),
  expired_at: time("When it expired."),
  cancelling_at: time("When somebody wanted it to end."),
  cancelled_at: time("When it ended for that."),
  request_counts: Type.Object(
    {
      total: Type.Integer(),
      completed: Type.Integer({ description: "Lines of the output file." }),
      failed: Type.Integer({ description: "Lines of the error file." }),
    },
    { title: "BatchRequestCounts" },
  ),
  usage: Type.Object(
    {
      input_tokens: Type.Integer(),
      input_tokens_details: Type.Object({ cached_tokens: Type.Integer() }),
      output_tokens: Type.Integer(),
      output_tokens_details: Type.Object({ reasoning_tokens: Type.Integer() }),
      total_tokens: Type.Integer(),
    },
    { title: "BatchUsage", description: "Tokens of all answers together." },
  ),
  metadata: nullable(Type.Record(Type.String(), Type.String())),
});

export const BatchList = Type.Object({
  object: Type.Literal("list"),
  data: Type.Array(Batch),
  first_id: nullable(Type.String()),
  last_id: nullable(Type.String()),
  has_more: Type.Boolean(),
});

/** One line of a batch's input. */
export const BatchLine = open({
  custom_id: Type.String({ maxLength: 512 }),
  method: Type.String(),
  url: Type.String(),
  body: open({}),
});
export type BatchLine = Static<typeof BatchLine>;
