import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Message } from "../../src/core/generation.ts";
import { renderPrompt, templateStop } from "../../src/text/templates/render.ts";
import type { TemplateName } from "../../src/text/templates/render.ts";

const said = (role: Message["role"], ...texts: string[]): Message => ({
  role,
  content: texts.map((text) => ({ type: "text", text })),
});

const chat: readonly Message[] = [
  said("system", "Be brief."),
  said("user", "Hi"),
  said("assistant", "Hello!"),
  said("user", "What is ", "1+1?"),
];
const withTools: readonly Message[] = [
  said("developer", "Use tools."),
  said("user", "Weather?"),
  {
    ...said("assistant"),
    toolCalls: [
      { id: "call_1", kind: "function", name: "weather", arguments: '{"city": "Oslo"}' },
      { id: "call_2", kind: "function", name: "clock", arguments: "not json" },
    ],
  },
  { ...said("tool", "rain"), toolCallId: "call_1" },
];

const cases: readonly [TemplateName, string, string][] = [
  [
    "plain",
    "System: Be brief.\n\nUser: Hi\n\nAssistant: Hello!\n\nUser: What is 1+1?\n\nAssistant:",
    'System: Use tools.\n\nUser: Weather?\n\nAssistant: {"name":"weather","arguments":{"city":"Oslo"}}\n{"name":"clock","arguments":"not json"}\n\nTool: rain\n\nAssistant:',
  ],
  [
    "chatml",
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nWhat is 1+1?<|im_end|>\n<|im_start|>assistant\n",
    '<|im_start|>system\nUse tools.<|im_end|>\n<|im_start|>user\nWeather?<|im_end|>\n<|im_start|>assistant\n<tool_call>\n{"name":"weather","arguments":{"city":"Oslo"}}\n</tool_call>\n<tool_call>\n{"name":"clock","arguments":"not json"}\n</tool_call><|im_end|>\n<|im_start|>tool\n<tool_response>\nrain\n</tool_response><|im_end|>\n<|im_start|>assistant\n',
  ],
  [
    "llama3",
    "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello!<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhat is 1+1?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    '<|start_header_id|>system<|end_header_id|>\n\nUse tools.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWeather?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n{"name":"weather","parameters":{"city":"Oslo"}}\n{"name":"clock","parameters":"not json"}<|eot_id|><|start_header_id|>ipython<|end_header_id|>\n\nrain<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
  ],
  [
    "mistral",
    "[INST] Be brief.\n\nHi[/INST] Hello!</s>[INST] What is 1+1?[/INST]",
    '[INST] Use tools.\n\nWeather?[/INST][TOOL_CALLS] [{"name":"weather","arguments":{"city":"Oslo"}}, {"name":"clock","arguments":"not json"}]</s>[TOOL_RESULTS] {"content":"rain"}[/TOOL_RESULTS]',
  ],
];

for (const [template, chatPrompt, toolPrompt] of cases) {
  describe(template, () => {
    test("renders a conversation in the model's form", () => {
      expect(renderPrompt(template, chat)).toBe(chatPrompt);
    });

    test("renders tool calls and their results", () => {
      expect(renderPrompt(template, withTools)).toBe(toolPrompt);
    });

    test("takes a message's text as it is", () => {
      fc.assert(
        fc.property(fc.string({ unit: "binary" }), (text) => {
          const hostile = `x${text}{{messages}}$&$1\\x`;

          const prompt = renderPrompt(template, [said("user", hostile)]);

          expect(prompt).toBe(renderPrompt(template, [said("user", "x@@x")]).replace("x@@x", () => hostile));
        }),
      );
    });
  });
}

test("each template names the texts that end a turn", () => {
  const stops = cases.map(([template]) => [template, templateStop(template)]);

  expect(Object.fromEntries(stops)).toEqual({
    plain: [],
    chatml: ["<|im_end|>"],
    llama3: ["<|eot_id|>", "<|eom_id|>"],
    mistral: ["</s>"],
  });
});

test("a refusal in the history counts as text", () => {
  const refused: Message = { role: "assistant", content: [{ type: "refusal", text: "I cannot." }] };

  expect(renderPrompt("plain", [said("user", "Do it"), refused])).toBe(
    "User: Do it\n\nAssistant: I cannot.\n\nAssistant:",
  );
});
