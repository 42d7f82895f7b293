import type { Message } from "../core/generation.ts";
import type { TokenCounter } from "./counter.ts";
import type { Encoding } from "./encoding.ts";
import { answerFrame, countPrompt } from "./prompt.ts";

const atOnce = 256;

/** Tokens that each message adds to a prompt, as `countPrompt` counts them. Never rejects. */
export async function countEachMessage(
  counter: TokenCounter,
  encoding: Encoding,
  messages: readonly Message[],
): Promise<readonly number[]> {
  const tokens: number[] = [];
  for (let start = 0; start < messages.length; start += atOnce) {
    const counts = messages.slice(start, start + atOnce).map(async (message) => {
      const prompt = { kind: "messages", messages: [message] } as const;
      return (await countPrompt(counter, encoding, { prompt, tools: [], toolChoice: { mode: "none" } }))
        .tokens;
    });
    for (const count of await Promise.all(counts)) tokens.push(count - answerFrame);
  }
  return tokens;
}
