import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Message } from "../../src/core/generation.ts";
import { keepNewest } from "../../src/core/keep-newest.ts";

function say(role: Message["role"], text: string): Message {
  return { role, content: [{ type: "text", text }] };
}
function call(...ids: string[]): Message {
  const toolCalls = ids.map((id) => ({ id, kind: "function" as const, name: "f", arguments: "{}" }));
  return { role: "assistant", content: [], toolCalls };
}
function result(id: string): Message {
  return { role: "tool", content: [], toolCallId: id };
}

const system = say("system", "S");
const turns = [
  say("user", "1"),
  say("assistant", "2"),
  say("user", "3"),
  call("x", "y"),
  result("x"),
  result("y"),
  say("assistant", "4"),
  say("user", "5"),
];

function kept(messages: readonly Message[], limit: number): readonly Message[] {
  return keepNewest(
    messages,
    messages.map(() => 1),
    limit,
  );
}

describe("of turns that each cost one", () => {
  const whole = [system, ...turns];
  const table: readonly [limit: number, left: readonly Message[]][] = [
    [9, whole],
    [8, [system, ...turns.slice(2)]],
    [7, [system, ...turns.slice(2)]],
    [6, [system, ...turns.slice(7)]],
    [2, [system, ...turns.slice(7)]],
    [0, [system, ...turns.slice(7)]],
  ];
  for (const [limit, left] of table) {
    test(`${limit} are ${left.length} of ${whole.length}`, () => {
      expect(kept(whole, limit)).toEqual(left);
    });
  }

  test("a long last turn loses steps from its beginning, and keeps its question and its last step", () => {
    const last = [say("user", "Q"), call("a"), result("a"), call("b"), result("b"), call("c"), result("c")];

    const messages = [...turns.slice(0, -1), ...last];

    expect(kept(messages, 6)).toEqual([say("user", "Q"), ...last.slice(3)]);
    expect(kept(messages, 1)).toEqual([say("user", "Q"), ...last.slice(5)]);
  });

  test("messages of the user that follow each other are one turn", () => {
    const messages = [say("user", "1"), say("assistant", "2"), say("user", "3"), say("user", "4")];

    expect(kept(messages, 1)).toEqual(messages.slice(2));
  });

  test("a result whose call stands in a turn that is gone goes too", () => {
    const messages = [say("user", "1"), call("x"), say("user", "2"), result("x"), say("assistant", "3")];

    expect(kept(messages, 3)).toEqual([say("user", "2"), say("assistant", "3")]);
  });
});

test("whatever is cut, what is left is in order, whole and the newest", () => {
  const step = fc.oneof(
    fc.constant("answer"),
    fc.tuple(fc.integer({ min: 1, max: 3 }), fc.boolean()).map(([calls, isText]) => ({ calls, isText })),
  );
  const turn = fc.record({
    users: fc.integer({ min: 1, max: 2 }),
    steps: fc.array(step, { maxLength: 3 }),
    hasSystem: fc.boolean(),
  });
  const conversation = fc.array(turn, { minLength: 1, maxLength: 6 }).map(written);

  fc.assert(
    fc.property(
      conversation,
      fc.infiniteStream(fc.integer({ min: 1, max: 20 })),
      fc.integer({ min: 0, max: 200 }),
      (messages, prices, limit) => {
        const costs = messages.map(() => prices.next().value ?? 1);
        const at = (message: Message) => messages.indexOf(message);
        const costOf = (some: readonly Message[]) =>
          some.reduce((sum, message) => sum + (costs[messages.indexOf(message)] ?? 0), 0);

        const left = keepNewest(messages, costs, limit);

        const places = left.map(at);
        expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
        expect(left.filter(isSystem)).toEqual(messages.filter(isSystem));
        expect(left.map(at)).toContain(messages.findLastIndex(({ role }) => role === "user"));
        expect(left.map(at)).toContain(messages.findLastIndex((message) => !isSystem(message)));
        expect(resultsOf(left)).toEqual(callsOf(left));
        if (costOf(messages) <= limit) expect(left).toEqual(messages);
        // Nothing of an older turn is there without the whole of the turns after it.
        const users = messages.filter(({ role }) => role === "user");
        const gone = users.findLastIndex((message) => !left.includes(message));
        expect(users.slice(gone + 1).every((message) => left.includes(message))).toBe(true);
        const isLeast = left.filter((message) => !isSystem(message)).length <= leastOf(messages);
        expect(isLeast || costOf(left) <= limit).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

interface Turn {
  users: number;
  steps: readonly ("answer" | { calls: number; isText: boolean })[];
  hasSystem: boolean;
}

function written(all: readonly Turn[]): Message[] {
  let id = 0;
  return all.flatMap(({ users, steps, hasSystem }) => [
    ...(hasSystem ? [say("system", "S")] : []),
    ...Array.from({ length: users }, () => say("user", String(id++))),
    ...steps.flatMap((step) => {
      if (step === "answer") return [say("assistant", String(id++))];
      const ids = Array.from({ length: step.calls }, () => `call_${id++}`);
      return [call(...ids), ...ids.map(result)];
    }),
  ]);
}

function isSystem({ role }: Message): boolean {
  return role === "system";
}

function callsOf(messages: readonly Message[]): string[] {
  return messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id }) => id));
}

function resultsOf(messages: readonly Message[]): string[] {
  return messages.flatMap(({ toolCallId }) => toolCallId ?? []);
}

/** What stays at any price: the last question, and the last step after it. */
function leastOf(messages: readonly Message[]): number {
  const spoken = messages.filter((message) => !isSystem(message));
  const lastUser = spoken.findLastIndex(({ role }) => role === "user");
  let firstUser = lastUser;
  while (spoken[firstUser - 1]?.role === "user") firstUser--;
  const lastStep = spoken.findLastIndex(({ role }) => role !== "tool");
  return lastUser - firstUser + 1 + (lastStep > lastUser ? spoken.length - lastStep : 0);
}
