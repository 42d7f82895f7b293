import type { Message } from "./generation.ts";

/**
 * The system messages and as much of the newest as costs no more than `limit`, in their order. `costs` has one number
 * for each message. Whole turns go first, the oldest before the others; then, within the last one, answers and calls
 * from its beginning. A call goes with its results. What the user says in the last turn, and what came last of all,
 * stays whatever it costs.
 */
export function keepNewest(
  messages: readonly Message[],
  costs: readonly number[],
  limit: number,
): readonly Message[] {
  const costOf = (indexes: readonly number[]) => indexes.reduce((sum, index) => sum + (costs[index] ?? 0), 0);
  if (costOf([...messages.keys()]) <= limit) return messages;
  const { system, turns } = split(messages);
  const [question = [], ...steps] = stepsOf(messages, turns.at(-1) ?? []);
  const last = steps.pop() ?? [];
  const kept = new Set([...system, ...question, ...last]);
  let left = limit - costOf([...kept]);
  for (const group of [...turns.slice(0, -1), ...steps].toReversed()) {
    left -= costOf(group);
    if (left < 0) break;
    for (const index of group) kept.add(index);
  }
  return withoutOrphans(messages, kept);
}

export function isSystem({ role }: Message): boolean {
  return role === "system" || role === "developer";
}

/** Indexes of the system messages, and of the others by turn: from a message of the user to the next after an answer. */
function split(messages: readonly Message[]): { system: number[]; turns: number[][] } {
  const system: number[] = [];
  const turns: number[][] = [];
  let isAnswered = true;
  for (const [index, message] of messages.entries()) {
    if (isSystem(message)) {
      system.push(index);
      continue;
    }
    const isUser = message.role === "user";
    const turn = turns.at(-1);
    if (turn === undefined || (isUser && isAnswered)) turns.push([index]);
    else turn.push(index);
    isAnswered = !isUser;
  }
  return { system, turns };
}

/** The last turn: first what the user says, then each further message with the results that follow it. */
function stepsOf(messages: readonly Message[], turn: readonly number[]): number[][] {
  const end = turn.findIndex((index) => messages[index]?.role !== "user");
  const steps = [end === -1 ? [...turn] : turn.slice(0, end)];
  for (const index of end === -1 ? [] : turn.slice(end)) {
    const step = steps.at(-1);
    if (messages[index]?.role === "tool" && steps.length > 1 && step !== undefined) step.push(index);
    else steps.push([index]);
  }
  return steps;
}

/** Those kept, but for results whose call is not: it stood in a turn further up. */
function withoutOrphans(messages: readonly Message[], kept: ReadonlySet<number>): readonly Message[] {
  const all = new Set<string>();
  const present = new Set<string>();
  return messages.filter((message, index) => {
    for (const { id } of message.toolCalls ?? []) {
      all.add(id);
      if (kept.has(index)) present.add(id);
    }
    if (!kept.has(index)) return false;
    const { toolCallId } = message;
    return toolCallId === undefined || !all.has(toolCallId) || present.has(toolCallId);
  });
}
