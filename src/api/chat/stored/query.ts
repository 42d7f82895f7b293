import { Type } from "@sinclair/typebox";
import { checked } from "../../../http/validation.ts";
import { metadataField } from "../../common/fields.ts";
import { createListQuery, createQuery } from "../../common/query.ts";
import type { Metadata } from "./layout.ts";

/** Of all completions, and of the messages of one. */
export const pageQuery = createListQuery({ order: "asc" });

export const modelQuery = createQuery({
  model: Type.Optional(Type.String({ maxLength: 512, description: "Only those of this model." })),
});

const metadataName = /^metadata\[([^]*)\]$/;

const filter = checked(Type.Object({ metadata: metadataField("What is asked for.") }))["~standard"];

/**
 * `metadata[KEY]=VALUE`, as often as it stands there. Throws `invalid_request` for what could not have been noted down:
 * more than that, no store has to look for.
 */
export function decodeMetadataQuery(request: Request): Metadata {
  const { searchParams } = new URL(request.url);
  const metadata = Object.fromEntries(
    [...searchParams].flatMap(([name, value]) => {
      const key = metadataName.exec(name)?.[1];
      return key === undefined ? [] : [[key, value]];
    }),
  );
  return filter.validate({ metadata }).value.metadata ?? {};
}

export const documentedMetadata = [
  {
    name: "metadata",
    in: "query",
    style: "deepObject",
    explode: true,
    description: "Only those with these texts: `metadata[topic]=demo`.",
    schema: { type: "object", additionalProperties: { type: "string" } },
  },
] as const;
