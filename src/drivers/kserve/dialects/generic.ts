import type { CreateDialect } from "./dialect.ts";
import { createTextModel } from "./text-model.ts";
import { tritonRpcs } from "./triton.ts";

/** A model that follows no known layout, on any server. */
export const createGeneric: CreateDialect = (model, options) =>
  createTextModel(model, options, {
    name: "generic",
    ownedBy: "kserve",
    cumulative: "unlikely",
    echo: "unknown",
    rpcs: tritonRpcs(model.config),
  });
