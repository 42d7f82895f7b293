import type { ChatBody, ModelBody } from "../../support/openai-wire.ts";
import { user } from "../../support/openai-wire.ts";
import { type Answer, post, send } from "../../support/wire.ts";

/** Ids that `GET /v1/models` has now; `url` is that of the executable. */
export async function listed(url: string): Promise<string[]> {
  const { json } = await send<{ data: ModelBody[] }>(`${url}/v1/models`);
  return json.data.map(({ id }) => id);
}

/** Resolves once the list is `ids`, in any order: servers are asked anew at most once a second. */
export async function untilListed(url: string, ids: readonly string[], limitMs = 10_000): Promise<void> {
  const wanted = ids.toSorted().join();
  await untilAnswer(
    async () => await listed(url),
    (found) => found.toSorted().join() === wanted,
    limitMs,
  );
}

/** Asks until the answer is as wanted, and gives it. */
export async function untilAnswer<Given>(
  question: () => Promise<Given>,
  isWanted: (answer: Given) => boolean,
  limitMs = 10_000,
): Promise<Given> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await question();
    if (isWanted(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`The last answer was ${JSON.stringify(answer)}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Asks a model to say something. */
export function ask(url: string, model: string | undefined, more: object = {}): Promise<Answer<ChatBody>> {
  return post<ChatBody>(`${url}/v1/chat/completions`, {
    ...(model === undefined ? {} : { model }),
    ...user("Say something."),
    ...more,
  });
}

/** What a model says that nobody told what to say. */
export const pangram = "The quick brown fox jumps over the lazy dog.";

/** The text of the only answer. */
export function saidBy({ json }: Answer<ChatBody>): string | null | undefined {
  return json.choices?.[0]?.message.content;
}
