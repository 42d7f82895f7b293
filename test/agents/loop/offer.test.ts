import { describe, expect, test } from "bun:test";
import { choiceOfRound, createOffer } from "../../../src/agents/loop/offer.ts";
import type { Tool, ToolChoice } from "../../../src/core/generation.ts";
import { memoryLog } from "../../support/calls.ts";

const definition = (name: string): Tool => ({ kind: "function", name });
const serverTool = (name: string) => ({ definition: definition(name), execute: () => name });

interface Given {
  server?: readonly string[];
  client?: readonly string[];
  toolChoice: ToolChoice;
}

function offerOf({ server = ["s"], client, toolChoice }: Given, log = memoryLog()) {
  return createOffer({
    server: server.map(serverTool),
    ...(client !== undefined && { client: client.map(definition) }),
    toolChoice,
    log,
  });
}

const first = { isFirst: true, isLast: false };
const later = { isFirst: false, isLast: false };
const last = { isFirst: false, isLast: true };

const auto: ToolChoice = { mode: "auto" };
const none: ToolChoice = { mode: "none" };
const required: ToolChoice = { mode: "required" };
const named = (name: string): ToolChoice => ({ mode: "named", name });
const allowed = (isRequired: boolean, ...names: readonly string[]): ToolChoice => ({
  mode: "allowed",
  required: isRequired,
  names,
});

describe("a model may call", () => {
  for (const [what, given, inFirst, inLater, inLast] of [
    ["what it likes", { toolChoice: auto }, auto, auto, none],
    [
      "the client's in the last round too",
      { client: ["c"], toolChoice: auto },
      auto,
      auto,
      allowed(false, "c"),
    ],
    [
      "the client's where there are no others",
      { server: [], client: ["c"], toolChoice: auto },
      auto,
      auto,
      auto,
    ],
    ["nothing where the agent says so", { toolChoice: none }, none, none, none],
    [
      "the agent's where the client wants none of its own",
      { client: ["c"], toolChoice: none },
      auto,
      auto,
      none,
    ],
    [
      "the agent's where a client without tools wants none",
      { client: [], toolChoice: none },
      auto,
      auto,
      none,
    ],
    ["any once, where the agent demands a call", { toolChoice: required }, required, auto, none],
    [
      "one of the client's first, where the client demands a call",
      { client: ["c", "d"], toolChoice: required },
      allowed(true, "c", "d"),
      auto,
      allowed(false, "c", "d"),
    ],
    ["a named one first", { client: ["c"], toolChoice: named("c") }, named("c"), auto, allowed(false, "c")],
    [
      "some of the client's, and all of the agent's",
      { client: ["c", "d"], toolChoice: allowed(false, "c") },
      allowed(false, "s", "c"),
      allowed(false, "s", "c"),
      allowed(false, "c"),
    ],
    [
      "one of some of the client's first",
      { client: ["c", "d"], toolChoice: allowed(true, "c") },
      allowed(true, "c"),
      allowed(false, "s", "c"),
      allowed(false, "c"),
    ],
    [
      "some of the agent's where the agent says which",
      { server: ["s", "t"], toolChoice: allowed(false, "s") },
      allowed(false, "s"),
      allowed(false, "s"),
      none,
    ],
    ["nothing where there is nothing", { server: [], toolChoice: none }, auto, auto, auto],
  ] as const) {
    test(what, () => {
      const offer = offerOf(given);

      const choices = [first, later, last].map((round) => choiceOfRound(offer, round));

      expect(choices).toEqual([inFirst, inLater, inLast]);
    });
  }

  test("a demanded tool of the client in a first round that is the last as well", () => {
    const offer = offerOf({ client: ["c"], toolChoice: required });

    expect(choiceOfRound(offer, { isFirst: true, isLast: true })).toEqual(allowed(true, "c"));
  });
});

describe("of tools of one name", () => {
  test("the agent's is offered before the client's, and the log says so", () => {
    const log = memoryLog();

    const offer = offerOf({ server: ["s"], client: ["s", "c", "c"], toolChoice: auto }, log);

    expect(offer.tools.map(({ name }) => name)).toEqual(["s", "c"]);
    expect([...offer.client]).toEqual(["c"]);
    expect(log.lines.length).toBe(1);
    expect(log.fields).toEqual([{ tool: "s" }]);
  });

  test("the agent's first is offered, and the log says so", () => {
    const log = memoryLog();

    const offer = offerOf({ server: ["s", "t", "s"], toolChoice: auto }, log);

    expect(offer.tools.map(({ name }) => name)).toEqual(["s", "t"]);
    expect(log.fields).toEqual([{ tool: "s" }]);
  });
});
