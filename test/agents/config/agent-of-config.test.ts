import { describe, expect, test } from "bun:test";
import type { AgentConfig } from "../../../src/agents/config/agent-config.ts";
import { toAgent } from "../../../src/agents/config/agent-of-config.ts";
import { runAgent } from "../../../src/agents/run/run-agent.ts";
import { collect } from "../../../src/core/collect.ts";
import type { GenerationRequest, Message } from "../../../src/core/generation.ts";
import { loopBed, says } from "../../support/agents/loop-bed.ts";
import { callContext, textRequest } from "../../support/calls.ts";

const bare: AgentConfig = {
  model: "small",
  tools: [],
  agents: [],
  inputs: [],
  parallel: true,
  sampling: {},
  extra: {},
  isPrivate: false,
  isDefault: false,
};

/** The answer of an agent, and what it asked for it. The models answer with their names. */
async function run(config: Partial<AgentConfig>, request: Partial<GenerationRequest> = {}) {
  const bed = loopBed(({ model }) => says(`${model} says so`));
  const agent = toAgent("writer", { ...bare, ...config });
  const events = runAgent({
    id: "writer",
    agent,
    request: textRequest(request),
    context: callContext(),
    environment: bed.environment,
  });
  const { choices } = await collect(events);
  return { text: choices[0]?.text, asked: bed.model.seen };
}

const user: Message = { role: "user", content: [{ type: "text", text: "Write." }] };

test("an agent is known by what it is made of", () => {
  const agent = toAgent("org/writer", {
    ...bare,
    description: "Writes.",
    tools: ["calculator"],
    agents: ["a"],
    inputs: ["b", "a"],
  });

  expect(agent).toMatchObject({
    name: "org/writer",
    description: "Writes.",
    model: "small",
    tools: ["calculator"],
    namedTools: ["calculator"],
    agents: ["a", "b"],
  });
});

test("its model is asked with its instructions and for what the client leaves out", async () => {
  const { text, asked } = await run(
    {
      system: "Be brief.",
      sampling: { temperature: 0.7, maxTokens: 1_000 },
      reasoningEffort: "low",
      extra: { min_p: 0.1 },
    },
    { prompt: { kind: "messages", messages: [user] }, sampling: { temperature: 0 } },
  );

  expect(text).toBe("small says so");
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    model: "small",
    prompt: { kind: "messages", messages: [{ role: "system" }, user] },
    sampling: { temperature: 0, maxTokens: 1_000 },
    reasoning: { effort: "low" },
    extra: { min_p: 0.1 },
  });
});

describe("agents whose answers it gets", () => {
  test("speak first, and before the user's words", async () => {
    const { text, asked } = await run(
      { inputs: ["researcher", "critic"] },
      { prompt: { kind: "messages", messages: [user] } },
    );

    expect(text).toBe("small says so");
    expect(asked.map(({ model }) => model)).toEqual(["researcher", "critic", "small"]);
    expect(asked.at(-1)?.prompt).toEqual({
      kind: "messages",
      messages: [
        {
          role: "user",
          content: [
            {
              type: "text",
              text: "Input from researcher:\nresearcher says so\n\nInput from critic:\ncritic says so\n\nWrite.",
            },
          ],
        },
      ],
    });
  });

  test("are no tools of its model", async () => {
    const { asked } = await run({ agents: ["critic"], inputs: ["researcher"] });

    expect(asked.at(-1)?.tools.map(({ name }) => name)).toEqual(["ask_critic"]);
  });

  test("are not asked again after the call of a tool", async () => {
    const messages: Message[] = [
      user,
      {
        role: "assistant",
        content: [],
        toolCalls: [{ id: "call_1", name: "find", arguments: "{}", kind: "function" }],
      },
      { role: "tool", toolCallId: "call_1", content: [{ type: "text", text: "found" }] },
    ];

    const { asked } = await run({ inputs: ["researcher"] }, { prompt: { kind: "messages", messages } });

    expect(asked.map(({ model }) => model)).toEqual(["small"]);
  });
});
