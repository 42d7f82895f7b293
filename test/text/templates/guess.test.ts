import { expect, test } from "bun:test";
import { guessTemplate } from "../../../src/text/templates/guess.ts";

const names: readonly (readonly [string, string])[] = [
  ["meta-llama/Llama-3.1-8B-Instruct", "llama3"],
  ["llama3", "llama3"],
  ["Llama-2-7b-chat-hf", "llama2"],
  ["codellama-13b", "llama2"],
  ["Qwen2.5-7B-Instruct", "qwen"],
  ["qwen3-32b", "qwen"],
  ["QwQ-32B", "qwen"],
  ["Mistral-7B-Instruct-v0.3", "mistral"],
  ["mixtral_8x7b", "mistral"],
  ["gemma-3-4b-it", "gemma"],
  ["Phi-3.5-mini-instruct", "phi3"],
  ["phi-4", "phi4"],
  ["Phi-4-mini-instruct", "phi"],
  ["granite-3.3-8b-instruct", "granite"],
  ["DeepSeek-V3", "deepseek"],
  ["DeepSeek-V2-Lite-Chat", "deepseek-v2"],
  ["DeepSeek-R1-Distill-Llama-8B", "deepseek-r1"],
  ["Hermes-3-Llama-3.1-8B", "chatml"],
  ["c4ai-command-r7b-12-2024", "command-r"],
  ["aya-expanse-8b", "command-r"],
  ["SmolLM2-1.7B-Instruct", "chatml"],
  ["ensemble", "plain"],
  ["vllm_model", "plain"],
  ["", "plain"],
];

for (const [model, template] of names) {
  test(`${model || "no name"} is taken for ${template}`, () => {
    expect(guessTemplate(model).name).toBe(template);
  });
}
