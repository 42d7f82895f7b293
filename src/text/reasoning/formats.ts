import type { ReasoningFormatName, ReasoningMarks } from "./format.ts";

/** The marks of every form of reasoning, by its name in the configuration. The arrays must not change. */
export const reasoningFormats: Readonly<Record<ReasoningFormatName, ReasoningMarks>> = {
  // DeepSeek R1, Qwen 3, QwQ, GLM, Kimi K2, Nemotron and most others.
  think: { open: ["<think>"], close: ["</think>"] },
  thinking: { open: ["<thinking>"], close: ["</thinking>"] },
  // Magistral, and its first version, which was taught tags.
  mistral: { open: ["[THINK]", "<think>"], close: ["[/THINK]", "</think>"] },
  // Granite 3.2 writes sentences, 3.3 tags around both parts.
  granite: {
    open: ["Here is my thought process:", "Here's my thought process:", "<think>"],
    close: ["Here is my response:", "Here's my response:", "</think>", "<response>"],
  },
  // What opens the answer follows the end of the thought.
  "command-r": {
    open: ["<|START_THINKING|>"],
    close: ["<|END_THINKING|>", "<|START_RESPONSE|>", "<|START_TEXT|>"],
  },
  kimi: { open: ["◁think▷"], close: ["◁/think▷"] },
  seed: { open: ["<seed:think>"], close: ["</seed:think>"] },
};
