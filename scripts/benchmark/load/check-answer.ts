import { type Answer, answerTo, calledTool, type Task, taskKey } from "../task.ts";

/** Throws unless `body` is the whole chat completion that the task asks for. */
export function checkWhole(status: number, body: string, task: Task): void {
  if (status !== 200) throw wrong(task, `status ${status}: ${body.slice(0, 300)}`);
  const completion: Completion = JSON.parse(body);
  const choice = completion.choices?.[0];
  if (choice?.message?.content !== expected(task).text) throw wrong(task, "another text");
  if (choice.finish_reason !== "stop") throw wrong(task, `finish_reason ${choice.finish_reason}`);
}

/**
 * Throws unless `body` is the whole event stream that the task asks for, and `[DONE]`. Of an answer that is only text,
 * each token must have a frame of its own.
 */
export function checkStream(status: number, body: string, task: Task): void {
  if (status !== 200) throw wrong(task, `status ${status}: ${body.slice(0, 300)}`);
  const frames = body.split("\n\n");
  if (frames.pop() !== "" || frames.pop() !== "data: [DONE]") throw wrong(task, "no [DONE] at the end");
  const seen: Answer = { text: "", reasoning: "", arguments: "" };
  let tokens = 0;
  let finish: string | null | undefined;
  for (const frame of frames) {
    if (frame.startsWith(":")) continue;
    if (!frame.startsWith("data: ")) throw wrong(task, "a frame that is not data");
    const chunk: Chunk = JSON.parse(frame.slice(6));
    const choice = chunk.choices?.[0];
    if (choice === undefined) throw wrong(task, "a chunk without a choice");
    if (addDelta(choice.delta, seen, task)) {
      if (finish != null) throw wrong(task, "text after the finish");
      tokens++;
    }
    if (choice.finish_reason != null) finish = choice.finish_reason;
  }
  if (task.kind === "text" && tokens !== task.tokens) throw wrong(task, `${tokens} frames with text`);
  const wanted = expected(task);
  if (seen.text !== wanted.text) throw wrong(task, "another text");
  if (seen.reasoning !== wanted.reasoning) throw wrong(task, "another reasoning");
  if (seen.arguments !== wanted.arguments) throw wrong(task, "another call");
  if (finish !== (task.kind === "text" ? "stop" : "tool_calls")) throw wrong(task, `finish_reason ${finish}`);
}

/** Whether the delta had anything of the answer. */
function addDelta(delta: Delta = {}, seen: Answer, task: Task): boolean {
  const { content, reasoning_content: reasoning, tool_calls: calls = [] } = delta;
  for (const call of calls) {
    const name = call.function?.name;
    if (name !== undefined && name !== calledTool) throw wrong(task, "a call of another tool");
    seen.arguments += call.function?.arguments ?? "";
  }
  seen.text += content ?? "";
  seen.reasoning += reasoning ?? "";
  return (content ?? "") !== "" || (reasoning ?? "") !== "" || calls.length > 0;
}

interface Completion {
  choices?: { message?: { content?: string }; finish_reason?: string }[];
}

interface Delta {
  content?: string | null;
  reasoning_content?: string | null;
  tool_calls?: { function?: { name?: string; arguments?: string } }[];
}

interface Chunk {
  choices?: { delta?: Delta; finish_reason?: string | null }[];
}

export function wrong({ tokens, voice }: Task, what: string): Error {
  return new Error(`Wrong answer to ${tokens} tokens of voice ${voice}: ${what}.`);
}

const answers = new Map<string, Answer>();

/** The right answer, kept: there are few different tasks. */
export function expected(task: Task): Answer {
  const key = taskKey(task);
  let answer = answers.get(key);
  if (answer === undefined) answers.set(key, (answer = answerTo(task)));
  return answer;
}
