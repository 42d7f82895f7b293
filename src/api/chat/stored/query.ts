import { Type } from "@sinclair/typebox";
import { createListQuery, createQuery } from "../../common/query.ts";
import type { Metadata } from "./layout.ts";

/** Of all completions, and of the messages of one. */
export const pageQuery = createListQuery({ order: "asc" });

export const modelQuery = createQuery({
  model: Type.Optional(Type.String({ maxLength: 512, description: "Only those of this model." })),
});

const metadataName = /^metadata\[([^]*)\]$/;

/** `metadata[KEY]=VALUE`, as often as it stands there. */
export function decodeMetadataQuery(request: Request): Metadata {
  const { searchParams } = new URL(request.url);
  return Object.fromEntries(
    [...searchParams].flatMap(([name, value]) => {
      const key = metadataName.exec(name)?.[1];
      return key === undefined ? [] : [[key, value]];
    }),
  );
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
