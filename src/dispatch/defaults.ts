import type { GenerationRequest, Sampling } from "../core/generation.ts";

/** Fields of a request as the operator gives them. */
export interface RequestSettings {
  sampling: Sampling;
  reasoning?: { effort: string };
  /** Under their wire names. */
  extra: Readonly<Record<string, unknown>>;
}

/** What the operator decides about every request to a model. */
export interface ModelSettings {
  /** For what the client leaves out. */
  defaults?: RequestSettings;
  /** Instead of what the client gives. */
  overrides?: RequestSettings;
}

/** `requests` with what the operator decides for their model; the same array where that is nothing. */
export function applySettings(
  requests: readonly GenerationRequest[],
  { defaults, overrides }: ModelSettings,
): readonly GenerationRequest[] {
  if (defaults === undefined && overrides === undefined) return requests;
  return requests.map((request) => {
    const reasoning = overrides?.reasoning ?? request.reasoning ?? defaults?.reasoning;
    return {
      ...request,
      sampling: { ...defaults?.sampling, ...request.sampling, ...overrides?.sampling },
      // Without a prototype, as the surfaces make it: a client's field may have any name.
      extra: Object.assign(Object.create(null), defaults?.extra, request.extra, overrides?.extra),
      ...(reasoning === undefined ? {} : { reasoning }),
    };
  });
}
