/** What the measured backend is asked to answer. It travels in the prompt, so that it passes any server between. */
export interface Task {
  /** Length of the answer, 1 to 1,024 tokens. */
  tokens: number;
  /** Which of the 16 answers: a token of another one shows that answers were mixed up. */
  voice: number;
  /** Pause before each token in milliseconds; 0 is as fast as it is read. */
  paceMs: number;
}

export const maxTokens = 1_024;
export const voices = 16;

export function encodeTask({ tokens, voice, paceMs }: Task): string {
  return `Answer in ${tokens} tokens of voice ${voice}, ${paceMs} ms apart.`;
}

/** Finds a task in a prompt; what is not there has a default, what is out of range is cut to it. */
export function decodeTask(prompt: string): Task {
  const found = /in (\d+) tokens of voice (\d+), (\d+) ms apart/.exec(prompt);
  if (found === null) return { tokens: 128, voice: 0, paceMs: 0 };
  return {
    tokens: Math.min(Math.max(Number(found[1]), 1), maxTokens),
    voice: Number(found[2]) % voices,
    paceMs: Math.min(Number(found[3]), 60_000),
  };
}

/** The whole answer to a task. */
export function answerText({ tokens, voice }: Task): string {
  let text = "";
  for (let index = 0; index < tokens; index++) text += tokenText(voice, index);
  return text;
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
