import { describe, expect, test } from "bun:test";
import { createHiddenTurnStore } from "../../../src/agents/loop/hidden-turns.ts";
import { assistantMessage, toolMessage, userMessage } from "../../../src/agents/loop/messages.ts";
import type { ToolCall } from "../../../src/core/generation.ts";

const call = (id: string, more: Partial<ToolCall> = {}): ToolCall => ({
  id,
  kind: "function",
  name: "confirm",
  arguments: "{}",
  ...more,
});

/** A turn that ran a tool, whose result is `result`, and then called the client's. */
function turnOf(id: string, result = "found") {
  const own = call(`own_${id}`, { name: "search" });
  return {
    calls: [call(id)],
    text: "Look.",
    messages: [
      assistantMessage("", "", [own]),
      toolMessage(own.id, result),
      assistantMessage("Look.", "", [call(id)]),
    ],
  };
}

/** What a client sends after that turn. */
const continued = (id: string, text = "Look.", more: Partial<ToolCall> = {}) => [
  userMessage("Hi"),
  assistantMessage(text, "", [call(id, more)]),
  toolMessage(id, "yes"),
];

const roles = (messages: readonly { role: string }[]) => messages.map(({ role }) => role).join(" ");
const whole = "user assistant tool assistant tool";
const asSent = "user assistant tool";

describe("what a client has not seen of an answer", () => {
  for (const [what, sent, expected] of [
    ["is put back into its history", continued("call_1"), whole],
    ["is put back where the client dropped the text", continued("call_1", ""), whole],
    ["is left out where the client changed the text", continued("call_1", "Other."), asSent],
    [
      "is left out where the client changed a call",
      continued("call_1", "Look.", { arguments: "[]" }),
      asSent,
    ],
    ["is left out for another call", continued("call_2"), asSent],
  ] as const) {
    test(what, () => {
      const turns = createHiddenTurnStore().of("agent", "owner");
      turns.remember(turnOf("call_1"));

      expect(roles(turns.restore(sent))).toBe(expected);
    });
  }

  for (const [what, agent, owner] of [
    ["another agent", "other", "owner"],
    ["another caller", "agent", "other"],
    ["a caller without a key", "agent", undefined],
  ] as const) {
    test(`is nothing to ${what}`, () => {
      const store = createHiddenTurnStore();
      store.of("agent", "owner").remember(turnOf("call_1"));

      expect(roles(store.of(agent, owner).restore(continued("call_1")))).toBe(asSent);
    });
  }
});

describe("is kept within bounds:", () => {
  const limits = { maxTurns: 2, maxCharacters: 4_000, lifetimeMs: 1_000 };

  test("the turn that was not asked for longest goes first", () => {
    const turns = createHiddenTurnStore(limits).of("agent", undefined);
    turns.remember(turnOf("call_1"));
    turns.remember(turnOf("call_2"));
    turns.restore(continued("call_1"));
    turns.remember(turnOf("call_3"));

    const kept = ["call_1", "call_2", "call_3"].map((id) => roles(turns.restore(continued(id))));

    expect(kept).toEqual([whole, asSent, whole]);
  });

  test("long results make place for each other, and one that is too long is not kept", () => {
    const turns = createHiddenTurnStore({ ...limits, maxTurns: 100 }).of("agent", undefined);
    const ids = ["call_1", "call_2", "call_3", "call_4", "call_5", "call_6", "call_7"];
    for (const id of ids) turns.remember(turnOf(id, "x".repeat(400)));
    turns.remember(turnOf("call_8", "x".repeat(4_000)));

    const kept = [...ids, "call_8"].filter((id) => roles(turns.restore(continued(id))) === whole);

    expect(kept.length).toBeGreaterThan(2);
    expect(kept.length).toBeLessThan(7);
    expect(kept).toContain("call_7");
    expect(kept).not.toContain("call_8");
  });

  test("after its time it is forgotten", () => {
    let now = 0;
    const turns = createHiddenTurnStore(limits, () => now).of("agent", undefined);
    turns.remember(turnOf("call_1"));

    now = 1_000;

    expect(roles(turns.restore(continued("call_1")))).toBe(asSent);
  });
});
