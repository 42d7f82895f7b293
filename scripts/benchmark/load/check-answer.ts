import { answerText, maxTokens, type Task } from "../task.ts";

/** Throws unless `body` is the whole chat completion that the task asks for. */
export function checkWhole(status: number, body: string, task: Task): void {
  if (status !== 200) throw wrong(task, `status ${status}: ${body.slice(0, 300)}`);
  const completion: Completion = JSON.parse(body);
  const choice = completion.choices?.[0];
  if (choice?.message?.content !== expected(task)) throw wrong(task, "another text");
  if (choice.finish_reason !== "stop") throw wrong(task, `finish_reason ${choice.finish_reason}`);
}

/** Throws unless `body` is the whole event stream that the task asks for: one frame a token, and `[DONE]`. */
export function checkStream(status: number, body: string, task: Task): void {
  if (status !== 200) throw wrong(task, `status ${status}: ${body.slice(0, 300)}`);
  const frames = body.split("\n\n");
  if (frames.pop() !== "" || frames.pop() !== "data: [DONE]") throw wrong(task, "no [DONE] at the end");
  let text = "";
  let tokens = 0;
  let finish: string | null | undefined;
  for (const frame of frames) {
    if (frame.startsWith(":")) continue;
    if (!frame.startsWith("data: ")) throw wrong(task, "a frame that is not data");
    const chunk: Chunk = JSON.parse(frame.slice(6));
    const choice = chunk.choices?.[0];
    if (choice === undefined) throw wrong(task, "a chunk without a choice");
    const content = choice.delta?.content ?? "";
    if (content !== "") {
      if (finish != null) throw wrong(task, "text after the finish");
      tokens++;
      text += content;
    }
    if (choice.finish_reason != null) finish = choice.finish_reason;
  }
  if (tokens !== task.tokens) throw wrong(task, `${tokens} frames with text`);
  if (text !== expected(task)) throw wrong(task, "another text");
  if (finish !== "stop") throw wrong(task, `finish_reason ${finish}`);
}

interface Completion {
  choices?: { message?: { content?: string }; finish_reason?: string }[];
}

interface Chunk {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
}

export function wrong({ tokens, voice }: Task, what: string): Error {
  return new Error(`Wrong answer to ${tokens} tokens of voice ${voice}: ${what}.`);
}

const texts = new Map<number, string>();

/** The answer's text, kept: there are few different tasks. */
export function expected(task: Task): string {
  const key = task.voice * (maxTokens + 1) + task.tokens;
  let text = texts.get(key);
  if (text === undefined) texts.set(key, (text = answerText(task)));
  return text;
}
