import { type Static, Type } from "@sinclair/typebox";
import { words } from "../../http/schema.ts";

export const purposes = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"] as const;

/** An end of a file that was uploaded, or that a batch writes. */
const seconds = { minimum: 3_600, maximum: 2_592_000 };

/** The form as far as it is text; `decode.ts` reads it. */
export const CreateFileRequest = Type.Object(
  {
    file: Type.Unknown({
      type: "string",
      format: "binary",
      description: "The file, with its name.",
    }),
    purpose: Type.Union(
      purposes.map((purpose) => Type.Literal(purpose)),
      { description: "What it is for. Only batches have a use for it: `batch`." },
    ),
    "expires_after[anchor]": Type.Optional(
      Type.Literal("created_at", { description: "Since when the seconds count." }),
    ),
    "expires_after[seconds]": Type.Optional(
      Type.Integer({
        ...seconds,
        description: "After how many seconds it is gone. Files for batches are after 30 days, others stay.",
      }),
    ),
  },
  { additionalProperties: true },
);
export type CreateFileRequest = Static<typeof CreateFileRequest>;

export const FileObject = Type.Object({
  id: Type.String(),
  object: Type.Literal("file"),
  bytes: Type.Integer(),
  created_at: Type.Integer({ description: "Unix seconds." }),
  expires_at: Type.Optional(Type.Integer({ description: "Unix seconds; absent if no end is set." })),
  filename: Type.String(),
  purpose: words(...purposes, "batch_output"),
  status: Type.Literal("processed"),
});

export const FileList = Type.Object({
  object: Type.Literal("list"),
  data: Type.Array(FileObject),
  first_id: Type.Union([Type.String(), Type.Null()]),
  last_id: Type.Union([Type.String(), Type.Null()]),
  has_more: Type.Boolean(),
});

export const FileDeleted = Type.Object({
  id: Type.String(),
  object: Type.Literal("file"),
  deleted: Type.Literal(true),
});
