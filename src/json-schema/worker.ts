/** Entry point of the thread in which texts are checked against schemas; `checker.ts` is its other side. */
import { findValue, matchValue, type Found } from "./find-value.ts";
import { loaded } from "./job-thread.ts";
import type { Job, Reply } from "./messages.ts";
import { createValidator } from "./validator.ts";

declare const self: Worker;

/** Schemas that are kept compiled, those least long unused. */
const maxCompiled = 128;

/** Enough for 5,000 properties, each with a type and a description. */
const maxValues = 32_768;

type Validator = ReturnType<typeof createValidator>;

const compiled = new Map<string, Validator>();

self.addEventListener("message", (event: MessageEvent<Job>) => {
  self.postMessage(answer(event.data), []);
});
self.postMessage(loaded, []);

function answer([kind, key, text]: Job): Reply {
  const validator = compiled.get(key);
  if (validator === undefined) return kind === "compile" ? compile(key, text) : ["unknown"];
  compiled.delete(key);
  compiled.set(key, validator);
  if (kind === "compile") return ["known"];
  try {
    return toReply(kind === "find" ? findValue(text, validator) : matchValue(text, validator));
  } catch {
    // The stack is at its end, where schema and value both go deep.
    return ["misfit", "", "is nested too deeply"];
  }
}

function compile(key: string, schema: string): Reply {
  try {
    const validator = createValidator(JSON.parse(schema), maxValues);
    // A schema that only refers to itself has no end, which shows with the first value.
    validator({});
    compiled.set(key, validator);
  } catch (error) {
    return ["broken", error instanceof Error ? error.message : String(error)];
  }
  const [oldest] = compiled.keys();
  if (compiled.size > maxCompiled && oldest !== undefined) compiled.delete(oldest);
  return ["compiled"];
}

function toReply(found: Found): Reply {
  return found.isFit ? ["fits", found.start, found.end] : ["misfit", found.path, found.message];
}
