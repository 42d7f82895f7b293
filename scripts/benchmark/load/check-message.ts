import type { Task } from "../task.ts";
import { expected, wrong } from "./check-answer.ts";
import { namedEvents } from "./named-events.ts";

/** As `checkWhole`, of the Messages API. */
export function checkMessage(status: number, body: string, task: Task): void {
  if (status !== 200) throw wrong(task, `status ${status}: ${body.slice(0, 300)}`);
  const message: { content?: { text?: string }[]; stop_reason?: string } = JSON.parse(body);
  if (message.content?.[0]?.text !== expected(task).text) throw wrong(task, "another text");
  if (message.stop_reason !== "end_turn") throw wrong(task, `stop_reason ${message.stop_reason}`);
}

/** As `checkStream`, of the Messages API. Only answers that are text. */
export function checkMessageStream(status: number, body: string, task: Task): void {
  const events = namedEvents(status, body, task);
  if (events.at(-1)?.name !== "message_stop") throw wrong(task, "no message_stop at the end");
  let text = "";
  let tokens = 0;
  for (const { name, data } of events) {
    if (name === "error") throw wrong(task, "an error");
    if (name !== "content_block_delta") continue;
    const event: { delta: { text?: string } } = JSON.parse(data);
    text += event.delta.text ?? "";
    tokens++;
  }
  if (text !== expected(task).text) throw wrong(task, "another text");
  if (tokens !== task.tokens) throw wrong(task, `${tokens} frames with text`);
}
