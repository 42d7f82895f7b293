import { Type } from "@sinclair/typebox";
import { words } from "../../http/schema.ts";

export const ServerInformation = Type.Object({
  name: Type.String(),
  version: Type.String(),
  status: Type.Literal("ok"),
  agent: Type.Union([Type.String(), Type.Null()], {
    description: "The agent that answers requests without a model, if one does.",
  }),
  model: Type.Union([Type.String(), Type.Null()], {
    description:
      "The default model, of an agent the one that it asks; null if there is none, or keys are configured.",
  }),
  backend: Type.String({ description: "Address of the backend; its id when keys are configured." }),
  models: Type.Array(Type.String(), {
    description: "Ids of the models that can be asked for; empty when keys are configured.",
  }),
  endpoints: Type.Array(Type.String(), { description: "Paths of the API." }),
  docs: Type.String({ description: "Path of these pages." }),
});

export const HealthStatus = Type.Object({
  status: words("healthy", "unhealthy"),
  error: Type.Optional(Type.String()),
  store: Type.Object(
    { status: words("ok", "unavailable") },
    { description: "Whether responses, conversations, files and batches can be stored." },
  ),
});

export const Liveness = Type.Object({ status: Type.Literal("alive") });

export const Readiness = Type.Object({
  status: words("ready", "not ready"),
  error: Type.Optional(Type.String()),
});
