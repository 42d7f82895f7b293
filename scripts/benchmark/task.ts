/** What the measured backend is asked to answer. It travels in the prompt, so that it passes any server between. */
export interface Task {
  /** Length of the answer, 1 to 1,024 tokens. */
  tokens: number;
  /** Which of the 16 answers: a token of another one shows that answers were mixed up. */
  voice: number;
  /** Pause before each token in milliseconds; 0 is as fast as it is read. */
  paceMs: number;
  /** What is in it: `text`, or a third each of reasoning, text and the arguments of a tool call. */
  kind: AnswerKind;
}

export type AnswerKind = "text" | "call";

export const maxTokens = 1_024;
export const voices = 16;

export function encodeTask({ tokens, voice, paceMs, kind }: Task): string {
  return `Answer in ${tokens} tokens of voice ${voice}, ${paceMs} ms apart, as a ${kind}.`;
}

/** Finds a task in a prompt; what is not there has a default, what is out of range is cut to it. */
export function decodeTask(prompt: string): Task {
  const found = /in (\d+) tokens of voice (\d+), (\d+) ms apart, as a (text|call)/.exec(prompt);
  if (found === null) return { tokens: 128, voice: 0, paceMs: 0, kind: "text" };
  return {
    tokens: Math.min(Math.max(Number(found[1]), 1), maxTokens),
    voice: Number(found[2]) % voices,
    paceMs: Math.min(Number(found[3]), 60_000),
    kind: found[4] === "call" ? "call" : "text",
  };
}

/** The same for tasks that have the same answer. */
export function taskKey({ tokens, voice, kind }: Task): string {
  return `${kind} ${tokens} ${voice}`;
}

/** The whole answer to a task, as a client of the OpenAI API should see it. */
export interface Answer {
  text: string;
  reasoning: string;
  /** Of the one call, to `calledTool`; empty if there is none. */
  arguments: string;
}

export const calledTool = "write";

export function answerTo(task: Task): Answer {
  const words = wordsOf(task);
  if (task.kind === "text") return { text: words.join(""), reasoning: "", arguments: "" };
  const [reasoning, text, written] = thirds(words);
  return {
    text: text.join(""),
    reasoning: reasoning.join(""),
    arguments: JSON.stringify({ text: written.join("") }),
  };
}

/** The tokens that the model writes; in those of a `call` the marks are part of the tokens beside them. */
export function tokensOf(task: Task): readonly string[] {
  const words = wordsOf(task);
  if (task.kind === "text") return words;
  const [reasoning, text, written] = thirds(words);
  return [
    ...between(`<think>`, reasoning, "</think>"),
    ...text,
    ...between(
      `<tool_call>{"name": "${calledTool}", "arguments": {"text":"`,
      written.map((word) => JSON.stringify(word).slice(1, -1)),
      `"}}</tool_call>`,
    ),
  ];
}

function wordsOf({ tokens, voice }: Task): string[] {
  return Array.from({ length: tokens }, (_, index) => tokenText(voice, index));
}

function thirds<T>(all: readonly T[]): [readonly T[], readonly T[], readonly T[]] {
  const third = Math.floor(all.length / 3);
  return [all.slice(0, third), all.slice(third, 2 * third), all.slice(2 * third)];
}

function between(before: string, words: readonly string[], after: string): string[] {
  return words.map(
    (word, index) => (index === 0 ? before : "") + word + (index === words.length - 1 ? after : ""),
  );
}

/** No two voices agree anywhere, and a token that is lost or out of order changes the text. */
export function tokenText(voice: number, index: number): string {
  return words[(index * 5 + voice * 3) % words.length] ?? "";
}

// A prime number of words, and some that JSON or UTF-8 has to encode.
const words = [
  " the",
  " slow",
  " brown",
  ' "fox"',
  " jumps",
  " över",
  " a",
  " lazy",
  " dog,",
  " 語",
  " and",
  " runs",
  " away",
  " from",
  " it",
  " as",
  "\tever",
];
