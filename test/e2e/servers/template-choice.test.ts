import { describe, expect, test } from "bun:test";
import { startGateway } from "../../support/harness.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { rejection } from "../../support/rejection.ts";
import { serveModels } from "./bed.ts";

describeBlackBox("Chat templates", () => {
  describe("that are built in", () => {
    /** Name, how the prompt of a short chat begins, and how it ends. */
    const builtIn: readonly (readonly [string, string, string])[] = [
      ["plain", "", ""],
      ["chatml", "<|im_start|>system\nBe brief.<|im_end|>\n", "<|im_start|>assistant\n"],
      ["command-r", "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>Be brief.", "<|CHATBOT_TOKEN|>"],
      ["deepseek", "Be brief.<｜User｜>Hi.", "<｜Assistant｜>"],
      ["deepseek-r1", "Be brief.<｜User｜>Hi.", "<｜Assistant｜><think>\n"],
      ["deepseek-v2", "Be brief.\n\nUser: Hi.", "Assistant:"],
      ["gemma", "<start_of_turn>user\nBe brief.\n\nHi.", "<start_of_turn>model\n"],
      ["granite", "<|start_of_role|>system<|end_of_role|>Be brief.", "<|end_of_role|>"],
      ["llama2", "[INST] <<SYS>>\nBe brief.\n<</SYS>>", "[/INST]"],
      [
        "llama3",
        "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>",
        "<|end_header_id|>\n\n",
      ],
      ["mistral", "[INST]", "[/INST]"],
      ["phi", "<|system|>Be brief.<|end|>", "<|assistant|>"],
      ["phi3", "<|system|>\nBe brief.<|end|>\n", "<|assistant|>\n"],
      ["phi4", "<|im_start|>system<|im_sep|>Be brief.<|im_end|>", "<|im_start|>assistant<|im_sep|>"],
      ["qwen", "<|im_start|>system\nBe brief.<|im_end|>\n", "<|im_start|>assistant\n"],
    ];
    const bed = serveModels({
      servers: {
        triton: [{ dialect: "vllm" }],
        dynamo: [
          { dialect: "dynamo", model: "Qwen/Qwen3-0.6B" },
          { dialect: "dynamo", model: "meta-llama/Llama-3.1-8B" },
        ],
      },
      backends: { dynamo: { template: undefined } },
      models: {
        ...Object.fromEntries(
          builtIn.map(([name]) => [name, { backend: "triton", target: "vllm_model", template: name }]),
        ),
        "Qwen/Qwen3-0.6B": { backend: "dynamo" },
        "meta-llama/Llama-3.1-8B": { backend: "dynamo" },
      },
    });
    const chat = {
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi." },
      ],
    };

    for (const [model, beginning, end] of builtIn) {
      test(model, async () => {
        const answer = await bed.chat({ model, ...chat });

        expect(answer.status).toBe(200);
        const prompt = (await bed.arrived())[0]?.prompt ?? "";
        expect(prompt).toStartWith(beginning);
        expect(prompt).toContain("Hi.");
        expect(prompt).toEndWith(end);
      });
    }

    for (const [model, beginning] of [
      ["Qwen/Qwen3-0.6B", "<|im_start|>system"],
      ["meta-llama/Llama-3.1-8B", "<|start_header_id|>system"],
    ] as const) {
      test(`${model} gets the one that its name tells`, async () => {
        await bed.chat({ model, ...chat });

        expect((await bed.arrived())[0]?.prompt).toStartWith(beginning);
      });
    }
  });

  describe("that cannot be used, told before anything is served", () => {
    for (const [what, template, more, sentence] of [
      [
        "broken Jinja in a file",
        { file: "broken.json" },
        { "broken.json": JSON.stringify({ chat_template: "{% for x in messages %}{{ x.content }}" }) },
        "backends.server.template.file: broken.json",
      ],
      ["broken Jinja in the configuration", { inline: "{{ messages" }, {}, "backends.server.template.inline"],
      ["a file that is not there", { file: "absent.json" }, {}, "absent.json (no such file)"],
      ["a file without a template", { file: "empty.json" }, { "empty.json": "[]" }, "empty.json"],
      ["a file that is no JSON", { file: "text.json" }, { "text.json": "{" }, "text.json is not valid JSON"],
      ["a name that nobody knows", "chatmll", {}, "backends.server.template"],
    ] as const) {
      test(what, async () => {
        const refusal = String(await rejection(start(template, more)));

        expect(refusal).toContain("exit code 2");
        expect(refusal).toContain(sentence);
      });
    }
  });
});

/** Resolves if the executable starts with this template, which it should not. */
async function start(template: unknown, files: Record<string, string>): Promise<void> {
  const backends = { server: { kind: "kserve", endpoint: "127.0.0.1:1", template } };
  const gateway = await startGateway({ files, config: { backends } });
  await gateway.stop();
}
