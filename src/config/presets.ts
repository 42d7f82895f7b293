import type { GenerationSettings, Presets } from "./config.ts";
import type { PresetFile } from "./preset-schema.ts";

interface PresetsFile {
  readonly defaults?: PresetFile;
  readonly overrides?: PresetFile;
}

/** What the file decides about requests to a model, field by field; the model's own wins over its backend's. */
export function toPresets(backend: PresetsFile, model: PresetsFile = {}): Presets {
  const defaults = { ...backend.defaults, ...model.defaults };
  const overrides = { ...backend.overrides, ...model.overrides };
  return {
    ...(Object.keys(defaults).length > 0 && { defaults: toSettings(defaults) }),
    ...(Object.keys(overrides).length > 0 && { overrides: toSettings(overrides) }),
  };
}

/** One block of fields as a part of a request. */
export function toSettings(file: PresetFile): GenerationSettings {
  const {
    temperature,
    max_tokens: maxTokens,
    top_p: topP,
    top_k: topK,
    seed,
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    logit_bias: logitBias,
    stop,
    reasoning_effort: effort,
    ...extra
  } = file;
  return {
    sampling: {
      ...(temperature !== undefined && { temperature }),
      ...(maxTokens !== undefined && { maxTokens }),
      ...(topP !== undefined && { topP }),
      ...(topK !== undefined && { topK }),
      ...(seed !== undefined && { seed }),
      ...(frequencyPenalty !== undefined && { frequencyPenalty }),
      ...(presencePenalty !== undefined && { presencePenalty }),
      ...(logitBias !== undefined && { logitBias }),
      ...(stop !== undefined && { stop: typeof stop === "string" ? [stop] : stop }),
    },
    ...(effort !== undefined && { reasoning: { effort } }),
    extra,
  };
}
