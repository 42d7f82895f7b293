import { describe, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { defineAgent } from "../../../src/agents/kit/define-agent.ts";
import { tool } from "../../../src/agents/kit/define-tool.ts";
import type { Agent } from "../../../src/agents/kit/agent.ts";
import { collect } from "../../../src/core/collect.ts";
import type { GenerationRequest } from "../../../src/core/generation.ts";
import { createAdmission } from "../../../src/dispatch/admission.ts";
import { createDispatch } from "../../../src/dispatch/dispatch.ts";
import { createRegistry } from "../../../src/dispatch/registry.ts";
import { createAgentBackend } from "../../../src/drivers/agent/backend.ts";
import { calls, loopBed, says, shown } from "../../support/agents/loop-bed.ts";
import { callContext, run, textRequest } from "../../support/calls.ts";
import { characterTokens } from "../../support/character-tokens.ts";
import { assertContract } from "../../support/contract.ts";
import { rejection } from "../../support/rejection.ts";
import { scripted, type Step } from "../../support/scripted.ts";

/** Agents and one model, `scripted`, behind a real dispatch. Of two with one id the first is asked. */
function serve(
  agents: readonly Agent[],
  script: (request: GenerationRequest) => readonly Step[],
  place: "before the agents" | "after the agents" = "after the agents",
) {
  const model = scripted(script);
  const { environment } = loopBed([], {
    agents: Object.fromEntries(agents.map(({ name, description = "" }) => [name, description])),
    generate: (requests, context, options) => generate(requests, context, options),
  });
  const served = agents.map((agent) => ({ agent, id: agent.name, isDefault: false, isPrivate: false }));
  const backend = createAgentBackend({ id: "agents", agents: served, environment });
  const generate = createDispatch({
    registry: createRegistry({
      models: {},
      tokenModel: "gpt-4",
      backends: place === "before the agents" ? [model, backend] : [backend, model],
    }),
    admission: createAdmission({ maxConcurrency: 2, maxQueue: 200 }),
    tokens: characterTokens(),
    schemas: environment.schemas,
    timeouts: { firstTokenMs: 0, betweenTokensMs: 0, totalMs: 0 },
    maxPromptBytes: 1 << 20,
    maxRepairs: 0,
    strict: false,
    maxDepth: 3,
    observe: () => ({ events() {}, end() {}, failed() {} }),
  });
  return {
    model,
    ask: async (name: string, request: Partial<GenerationRequest> = {}) => {
      const asked = textRequest({ model: name, ...request });
      return (await generate([asked], callContext(), { usage: true })).events;
    },
  };
}

const userText = (words: string): Partial<GenerationRequest> => ({
  prompt: { kind: "messages", messages: [{ role: "user", content: [{ type: "text", text: words }] }] },
});

const lookUp = tool({
  name: "look_up",
  parameters: Type.Object({ key: Type.String() }),
  execute: ({ key }) => `value of ${key}`,
});

describe("agents behind dispatch", () => {
  test("answer as a model does, with what they did beside it", async () => {
    const { ask } = serve([defineAgent({ name: "clerk", model: "scripted", tools: [lookUp] })], (request) =>
      shown(request).length === 1 ? calls(["look_up", { key: "a" }]) : says("It is a."),
    );

    const { batches, failure } = await run(await ask("clerk"));
    const answer = await collect(batchesOf(batches));

    expect(failure).toBeUndefined();
    assertContract(batches);
    expect(answer).toMatchObject({
      choices: [{ text: "It is a.", finish: "stop", toolCalls: [], reasoning: "" }],
      usage: { promptTokens: 20, completionTokens: 2 },
      metadata: { agents_used: [], iterations: 2 },
    });
  });

  test("work as a team, whose usage is the sum of all", async () => {
    const team = [
      defineAgent({ name: "boss", model: "scripted", system: "Lead.", agents: ["clerk"] }),
      defineAgent({ name: "clerk", model: "scripted", tools: [lookUp] }),
    ];
    const { ask } = serve(team, (request) => {
      const isBoss = shown(request)[0] === "system: Lead.";
      const isFirst = !shown(request).some((line) => line.startsWith("tool result"));
      if (isBoss) return isFirst ? calls(["ask_clerk", { task: "Find a." }]) : says("Thanks.");
      return isFirst ? calls(["look_up", { key: "a" }]) : says("Found.");
    });

    const answer = await collect(await ask("boss", { extra: { include_steps: true } }));

    expect(answer).toMatchObject({
      choices: [{ text: "Thanks.", reasoning: "→ clerk: Find a.\n" }],
      usage: { promptTokens: 40, completionTokens: 4 },
      metadata: { agents_used: ["clerk"], iterations: 2 },
    });
  });

  for (const [name, model, expected] of [
    ["scripted", "scripted", []],
    ["router", "clerk", ["clerk"]],
    ["reader", "scripted", ["scripted"]],
  ] as const) {
    test(`'${name}', whose model is '${model}', used the agents ${JSON.stringify(expected)}`, async () => {
      const { ask } = serve(
        [
          ...(name === "scripted" ? [] : [defineAgent({ name, model })]),
          defineAgent({ name: "scripted", model: "scripted" }),
          defineAgent({ name: "clerk", run: () => "Hello." }),
        ],
        () => says("Hello."),
      );

      const answer = await collect(await ask(name));

      expect(answer).toMatchObject({ choices: [{ text: "Hello." }], metadata: { agents_used: expected } });
    });
  }

  test("name no agent for a model that has an agent's id", async () => {
    const { ask } = serve(
      [
        defineAgent({ name: "reader", model: "scripted" }),
        defineAgent({ name: "scripted", run: () => "Hi" }),
      ],
      () => says("Hello."),
      "before the agents",
    );

    const answer = await collect(await ask("reader"));

    expect(answer).toMatchObject({ choices: [{ text: "Hello." }], metadata: { agents_used: [] } });
  });

  test("that hand a task to each other end with a clear error", async () => {
    const pair = [
      defineAgent({ name: "one", model: "scripted", system: "one", agents: ["two"] }),
      defineAgent({ name: "two", model: "scripted", system: "two", agents: ["one"] }),
    ];
    const { ask } = serve(pair, (request) => {
      const below = shown(request)[0] === "system: one" ? "two" : "one";
      return calls([`ask_${below}`, { task: "Go on." }]);
    });

    const failure = await rejection(collect(await ask("one")));

    expect(failure).toMatchObject({
      kind: "internal",
      code: "agent_depth_exceeded",
      message: "More than 3 agents call each other: one → two → one → two.",
    });
  });

  test("serve a hundred requests at once with two places, none mixed up and none waiting for another", async () => {
    const team = [
      defineAgent({ name: "boss", model: "scripted", system: "Lead.", agents: ["clerk"] }),
      defineAgent({ name: "clerk", model: "scripted", tools: [lookUp] }),
    ];
    const { ask } = serve(team, (request) => {
      const lines = shown(request);
      const result = lines.find((line) => line.startsWith("tool result: "))?.slice("tool result: ".length);
      if (result !== undefined) return [Promise.resolve(), ...says(result)];
      const isBoss = lines[0] === "system: Lead.";
      const task = (lines.at(-1) ?? "").slice("user: ".length);
      return [Promise.resolve(), ...calls(isBoss ? ["ask_clerk", { task }] : ["look_up", { key: task }])];
    });
    const words = Array.from({ length: 100 }, (_, number) => `word ${number}`);

    const answers = await Promise.all(
      words.map(async (word) => await collect(await ask("boss", userText(word)))),
    );

    expect(answers.map(({ choices }) => choices[0]?.text)).toEqual(words.map((word) => `value of ${word}`));
  });

  test("keep to a response format and to a demanded call of the client's tools", async () => {
    const { ask, model } = serve(
      [defineAgent({ name: "clerk", model: "scripted", tools: [lookUp] })],
      (request) => {
        if (request.output.kind === "json") return says('{"ok":true}');
        return calls(["confirm", {}], ["look_up", { key: "a" }]);
      },
    );

    const json = await collect(await ask("clerk", { output: { kind: "json" } }));
    const called = await collect(
      await ask("clerk", {
        tools: [{ kind: "function", name: "confirm" }],
        toolChoice: { mode: "required" },
      }),
    );

    expect(json.choices[0]?.text).toBe('{"ok":true}');
    expect(called.choices).toMatchObject([{ finish: "tool-calls", toolCalls: [{ name: "confirm" }] }]);
    expect(model.seen[1]?.toolChoice).toEqual({ mode: "allowed", required: true, names: ["confirm"] });
  });
});

async function* batchesOf<Batch>(batches: readonly Batch[]): AsyncGenerator<Batch> {
  yield* batches;
}
