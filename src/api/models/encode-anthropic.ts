import type { ListedModel } from "./listed-model.ts";

/** A model in Anthropic's form; what is not known of it is null. */
export function encodeAnthropic({ id, created, contextTokens }: ListedModel) {
  return {
    type: "model",
    id,
    display_name: id,
    created_at: new Date(created * 1_000).toISOString(),
    lifecycle: "active",
    deprecated_at: null,
    retires_at: null,
    line: null,
    max_input_tokens: contextTokens ?? null,
    max_tokens: null,
    capabilities: null,
  };
}

/** A part of the list in Anthropic's form. */
export function encodePage(models: readonly ListedModel[], hasMore: boolean) {
  return {
    data: models.map(encodeAnthropic),
    has_more: hasMore,
    first_id: models.at(0)?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}
