import type { CreateDialect, DialectOptions, ModelProfile } from "./dialect.ts";
import { createTextModel } from "./text-model.ts";

/** MLServer: a text runtime of the operator's own, or the HuggingFace runtime, which repeats the prompt and never streams. */
export const createMlserver: CreateDialect = (model, options) => {
  const isPipeline = takesPipelineArguments(model, options);
  return createTextModel(model, options, {
    name: "mlserver",
    ownedBy: "mlserver",
    cumulative: "unlikely",
    echo: isPipeline ? "always" : "unknown",
    rpcs: isPipeline ? ["infer"] : ["stream", "infer"],
  });
};

/** Mostly the runtime describes no tensors, and the operator names them. */
function takesPipelineArguments({ metadata }: ModelProfile, { tensors }: DialectOptions): boolean {
  return (
    metadata?.platform.toLowerCase() === "huggingface" ||
    isPipelineArgument(tensors?.prompt) ||
    metadata?.inputs.some(({ name }) => isPipelineArgument(name)) === true
  );
}

function isPipelineArgument(name: string | undefined): boolean {
  return name === "args" || name === "array_inputs";
}
