import type { Task } from "../task.ts";
import { expected, wrong } from "./check-answer.ts";
import { namedEvents } from "./named-events.ts";

/** As `checkWhole`, of the Responses API. */
export function checkResponse(status: number, body: string, task: Task): void {
  if (status !== 200) throw wrong(task, `status ${status}: ${body.slice(0, 300)}`);
  checkFinal(JSON.parse(body), task);
}

/** As `checkStream`, of the Responses API. Only answers that are text. */
export function checkResponseStream(status: number, body: string, task: Task): void {
  const events = namedEvents(status, body, task);
  if (events.pop()?.data !== "[DONE]") throw wrong(task, "no [DONE] at the end");
  const last = events.at(-1);
  if (last?.name !== "response.completed") throw wrong(task, `${last?.name} at the end`);
  const completed: { response: ResponseBody } = JSON.parse(last.data);
  checkFinal(completed.response, task);
  let text = "";
  let tokens = 0;
  for (const { name, data } of events) {
    if (name !== "response.output_text.delta") continue;
    const event: { delta: string } = JSON.parse(data);
    text += event.delta;
    tokens++;
  }
  if (text !== expected(task).text) throw wrong(task, "another text");
  if (tokens !== task.tokens) throw wrong(task, `${tokens} frames with text`);
}

interface ResponseBody {
  status?: string;
  output?: { type?: string; content?: { text?: string }[] }[];
}

function checkFinal({ status, output = [] }: ResponseBody, task: Task): void {
  if (status !== "completed") throw wrong(task, `status ${status}`);
  if (output[0]?.content?.[0]?.text !== expected(task).text) throw wrong(task, "another final text");
}
