/** Entry point of the thread in which instances are made; `thread.ts` is its other side. */
import { loaded } from "../../../json-schema/job-thread.ts";
import { createInstance } from "./instance.ts";
import type { Reply } from "./messages.ts";

declare const self: Worker;

/** A longer text is no example any more. */
const maxCharacters = 65_536;

self.addEventListener("message", (event: MessageEvent<string>) => {
  self.postMessage(write(event.data), []);
});
self.postMessage(loaded, []);

function write(schema: string): Reply {
  const text = JSON.stringify(createInstance(JSON.parse(schema)));
  return text === undefined || text.length > maxCharacters ? {} : { text };
}
