import type { GenerationRequest } from "../../../src/core/generation.ts";
import { type ScriptedBackend, type ScriptedOptions, scripted, type Step } from "../../support/scripted.ts";

/**
 * A model `echo` that says what it was told last; `before` gives steps that come first, by that text and by how often it
 * was said already.
 */
export function echo(
  before: (text: string, times: number) => readonly Step[] = () => [],
  options: ScriptedOptions = {},
): ScriptedBackend {
  const times = new Map<string, number>();
  return scripted(
    (request) => {
      const text = lastText(request);
      const known = times.get(text) ?? 0;
      times.set(text, known + 1);
      return [
        ...before(text, known),
        [{ type: "text-delta", choice: 0, text }],
        [{ type: "finish", choice: 0, reason: "stop" }],
        [{ type: "usage", usage: { promptTokens: 3, completionTokens: 2, cachedTokens: 1 } }],
      ];
    },
    { models: [{ id: "echo", ownedBy: "tests" }], ...options },
  );
}

/** What the calls of such a backend were told last, in order. */
export function told(backend: ScriptedBackend): string[] {
  return backend.seen.map(lastText);
}

function lastText({ prompt }: GenerationRequest): string {
  if (prompt.kind === "text") return prompt.text;
  if (prompt.kind === "tokens") return "";
  const [part] = prompt.messages.at(-1)?.content ?? [];
  return part?.type === "text" ? part.text : "";
}
