import type { CreateDialect, ModelProfile } from "./dialect.ts";
import { createTextModel } from "./text-model.ts";

/** MLServer: a text runtime of the operator's own, or the HuggingFace runtime, which repeats the prompt and never streams. */
export const createMlserver: CreateDialect = (model, options) => {
  const isPipeline = takesPipelineArguments(model);
  return createTextModel(model, options, {
    name: "mlserver",
    ownedBy: "mlserver",
    cumulative: "unlikely",
    echo: isPipeline ? "always" : "unknown",
    rpcs: isPipeline ? ["infer"] : ["stream", "infer"],
  });
};

function takesPipelineArguments({ metadata }: ModelProfile): boolean {
  return (
    metadata?.platform.toLowerCase() === "huggingface" ||
    metadata?.inputs.some(({ name }) => name === "args" || name === "array_inputs") === true
  );
}
