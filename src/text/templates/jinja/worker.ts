/** Entry point of the thread in which templates of the operator are rendered; `thread.ts` is its other side. */
import { withArguments } from "./arguments.ts";
import type { Program } from "./ast.ts";
import { compileTemplate } from "./compile.ts";
import { Refusal } from "./environment.ts";
import { ready, type RenderJob, type RenderReply } from "./job.ts";
import { limitsFor, renderProgram } from "./render.ts";

declare const self: Worker;

const maxPrograms = 64;
const maxRefusal = 1_000;

/** By source; the one used last stands last. */
const programs = new Map<string, Program>();

self.addEventListener("message", (event: MessageEvent<RenderJob>) => {
  self.postMessage(answer(event.data), []);
});
self.postMessage(ready, []);

function answer({ source, variables }: RenderJob): RenderReply {
  try {
    const limits = limitsFor(source.length, variables.length);
    return { text: renderProgram(programOf(source), withArguments(JSON.parse(variables)), limits) };
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error.message.slice(0, maxRefusal) };
    return { failure: String(error).slice(0, maxRefusal) };
  }
}

function programOf(source: string): Program {
  const program = programs.get(source) ?? compileTemplate(source);
  programs.delete(source);
  programs.set(source, program);
  const [oldest] = programs.keys();
  if (programs.size > maxPrograms && oldest !== undefined) programs.delete(oldest);
  return program;
}
