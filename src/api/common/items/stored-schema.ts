import { Type } from "@sinclair/typebox";
import { nullable, open } from "../../../http/schema.ts";

export const StoredItem = open(
  { id: Type.String(), type: Type.String() },
  { title: "StoredItem", description: "An item of any kind, with the fields of its kind." },
);

export const ItemList = Type.Object({
  object: Type.Literal("list"),
  data: Type.Array(StoredItem),
  first_id: nullable(Type.String()),
  last_id: nullable(Type.String()),
  has_more: Type.Boolean(),
});
