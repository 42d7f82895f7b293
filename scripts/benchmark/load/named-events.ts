import type { Task } from "../task.ts";
import { wrong } from "./check-answer.ts";

/** One event of a stream whose events have names. */
export interface NamedEvent {
  name: string;
  /** As JSON. */
  data: string;
}

/** Splits a whole stream of server-sent events. Throws unless each has the name that its data says. */
export function namedEvents(status: number, body: string, task: Task): NamedEvent[] {
  if (status !== 200) throw wrong(task, `status ${status}: ${body.slice(0, 300)}`);
  const frames = body.split("\n\n");
  if (frames.pop() !== "") throw wrong(task, "no end of the last frame");
  return frames
    .filter((frame) => !frame.startsWith(":"))
    .map((frame) => {
      const [, name = "", data = ""] = /^(?:event: (.+)\n)?data: (.*)$/.exec(frame) ?? [];
      if (data === "") throw wrong(task, "a frame that is not data");
      if (name !== "" && !data.startsWith(`{"type":"${name}"`)) throw wrong(task, `no type in ${name}`);
      return { name, data };
    });
}
