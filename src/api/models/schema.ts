import { Type } from "@sinclair/typebox";

export const Model = Type.Object({
  id: Type.String(),
  object: Type.Literal("model"),
  created: Type.Integer({ description: "Unix seconds; when the server started." }),
  owned_by: Type.String(),
  context_window: Type.Optional(
    Type.Integer({ description: "Tokens of prompt and answer together, where known." }),
  ),
});

export const ModelList = Type.Object({ object: Type.Literal("list"), data: Type.Array(Model) });
