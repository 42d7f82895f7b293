import type { Capabilities, GenerationRequest, Sampling } from "../core/generation.ts";
import type { BackendCall } from "./backend-call.ts";
import { findsStop, stopsOf } from "./edge.ts";
import type { ServedModel } from "./registry.ts";
import type { Account } from "./usage.ts";

export interface FanOut {
  /** As the client meant them, and as the backend gets them. */
  asked: readonly GenerationRequest[];
  requests: readonly GenerationRequest[];
  model: ServedModel;
  capabilities: Capabilities;
  /** Each choice is held back by itself, and perhaps asked for again. */
  isHeld: boolean;
  /** Somebody will read the usage. */
  keepsText: boolean;
}

/** One call for each answer, or for as many as the backend gives in one. */
export function fanOut(given: FanOut, account: Account): BackendCall[] {
  const { asked, requests, model, capabilities, isHeld, keepsText } = given;
  const [first] = requests;
  const stops = first === undefined ? [] : stopsOf(first, capabilities);
  return requests.flatMap((request, prompt) => {
    const perCall = isHeld ? 1 : Math.min(capabilities.choices, request.choices);
    const sampling = findsStop(request, capabilities) ? withoutStop(request.sampling) : request.sampling;
    account.expect(prompt, asked[prompt] ?? request);
    return Array.from({ length: Math.ceil(request.choices / perCall) }, (_, position) => {
      const before = position * perCall;
      const choices = Math.min(perCall, request.choices - before);
      return {
        request: {
          ...request,
          model: model.target,
          choices,
          sampling: seeded(sampling, before),
          ...(request.bestOf !== undefined && { bestOf: bestOfShare(request, request.bestOf, choices) }),
        },
        backend: model.backend,
        capabilities,
        stops,
        firstChoice: prompt * request.choices + before,
        keepsText,
        onEnd: account.add.bind(account, prompt),
      };
    });
  });
}

function withoutStop({ stop: _stop, ...sampling }: Sampling): Sampling {
  return sampling;
}

/**
 * `sampling` for a call with `before` choices in other calls before it. With one and the same seed, all calls would
 * give the same answers; a server that gives several itself counts the seed up in the same way. Without a seed the
 * object stays the same, by which drivers know that they have prepared it.
 */
function seeded(sampling: Sampling, before: number): Sampling {
  const { seed } = sampling;
  if (seed === undefined || before === 0) return sampling;
  // Also at the end of the integers it is another one.
  return { ...sampling, seed: Number.isSafeInteger(seed + before) ? seed + before : seed - before };
}

/** What a call of `choices` has of the candidates. */
function bestOfShare(request: GenerationRequest, bestOf: number, choices: number): number {
  return Math.ceil((bestOf * choices) / request.choices);
}
