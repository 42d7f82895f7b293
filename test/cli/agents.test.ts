import { expect, test } from "bun:test";
import { describeAgents } from "../../src/cli/agents.ts";
import { checkAgents } from "../../src/cli/check-agents.ts";

const everything = { hasTool: () => true, hasModel: () => true };

test("agents are listed with what they have", () => {
  const lines = describeAgents(
    [
      {
        id: "supervisor",
        description: "Leads\n  the others.",
        model: "gpt-4o",
        tools: ["calculator", "files"],
        agents: ["helper"],
        isDefault: true,
      },
      { id: "helper", tools: [], agents: [], file: "/agents/helper.ts", isPrivate: true },
    ],
    everything,
  );

  expect(lines).toEqual([
    "supervisor (default)",
    "  about   Leads the others.",
    "  model   gpt-4o",
    "  tools   calculator, files",
    "  agents  helper",
    "helper (private)",
    "  file    /agents/helper.ts",
  ]);
});

test("what an agent names and nobody has is marked", () => {
  const lines = describeAgents(
    [
      { id: "lead", model: "gpt-4o", tools: ["calculator", "typo"], agents: ["helper", "helpr"] },
      { id: "helper", model: "lama", tools: [], agents: [] },
      { id: "llama", model: "llama", tools: [], agents: [] },
      { id: "own", tools: ["mine", "typo"], namedTools: ["typo"], agents: [] },
      { id: "above", model: "lead", tools: [], agents: [] },
    ],
    { hasTool: (name) => name === "calculator", hasModel: (name) => name === "gpt-4o" },
  );

  expect(lines).toEqual([
    "lead",
    "  model   gpt-4o",
    "  tools   calculator, typo (not found)",
    "  agents  helper, helpr (not found)",
    "helper",
    "  model   lama (not found)",
    "llama",
    "  model   llama (not found)",
    "own",
    "  tools   mine, typo (not found)",
    "above",
    "  model   lead",
  ]);
});

test("that there are none is said with what would make some", () => {
  expect(describeAgents([], everything)).toEqual([
    "No agents: --agent names a file, and a configuration file has `agents`.",
  ]);
});

test("each agent is held against what there is", () => {
  const { lines, ok } = checkAgents({
    agents: [
      { id: "function" },
      { id: "team", model: "llama" },
      { id: "llama", model: "llama" },
      { id: "typo", model: "lama" },
      { id: "cloud", model: "gpt-4o" },
      { id: "keyless", model: "gemini-2.5-flash" },
    ],
    known: new Set(["llama", "team"]),
    isProvided: (model) => model.startsWith("g"),
    missingKey: (model) => (model === "gpt-4o" ? undefined : "it needs GEMINI_API_KEY"),
  });

  expect(lines).toEqual([
    "✓ agent function",
    "✓ agent team (llama)",
    "✗ agent llama (llama): no backend lists this model, and no known provider has it",
    "✗ agent typo (lama): no backend lists this model, and no known provider has it; did you mean llama?",
    "✓ agent cloud (gpt-4o)",
    "✗ agent keyless (gemini-2.5-flash): it needs GEMINI_API_KEY",
  ]);
  expect(ok).toBe(false);
});
