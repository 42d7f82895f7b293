import { Check } from "@sinclair/typebox/value";
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../../src/core/error.ts";
import { closeTemplateThreads } from "../../../src/text/templates/jinja/template.ts";
import { loadTemplate, TemplateSetting } from "../../../src/text/templates/load.ts";
import { afterResult, conversation, said } from "./conversations.ts";

const folder = mkdtempSync(join(tmpdir(), "templates-"));
const source = "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}";
const chat = conversation([said("user", "Hi")]);

afterAll(() => {
  closeTemplateThreads();
  rmSync(folder, { recursive: true });
});

/** Writes files into a folder of their own and gives the path of the first. */
function files(name: string, contents: Readonly<Record<string, unknown>>): string {
  mkdirSync(join(folder, name));
  const paths = Object.entries(contents).map(([file, content]) => {
    const path = join(folder, name, file);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  });
  return paths[0] ?? "";
}

describe("a template is loaded from", () => {
  test("a built-in's name", () => {
    expect(loadTemplate("llama3", "template").name).toBe("llama3");
  });

  test("text in the configuration", async () => {
    const template = loadTemplate({ inline: source, bos_token: "<s>", eos_token: "</s>" }, "template");

    expect(await template.render(chat)).toBe("Hi</s>");
    expect(template).toMatchObject({ name: "inline", stop: ["</s>"], takesTools: false });
  });

  test("tokenizer_config.json, with tokens as texts or as objects", async () => {
    const file = files("config", {
      "tokenizer_config.json": {
        bos_token: { content: "<s>", lstrip: false },
        eos_token: "<|end|>",
        chat_template: source,
      },
    });

    const template = loadTemplate({ file }, "template");

    expect(await template.render(chat)).toBe("Hi<|end|>");
    expect(template).toMatchObject({ name: file, stop: ["<|end|>"] });
  });

  test("tokenizer_config.json with a template for tools", async () => {
    const file = files("named", {
      "tokenizer_config.json": {
        chat_template: [
          { name: "tool_use", template: "<tool_call> {{ tools[0].function.name }}" },
          { name: "default", template: "no tools" },
        ],
      },
    });

    const template = loadTemplate({ file }, "template");

    expect(await template.render(chat)).toBe("no tools");
    expect(await template.render(afterResult)).toBe("<tool_call> weather");
    expect(template).toMatchObject({ takesTools: true, toolCalls: "hermes" });
  });

  test("chat_template.jinja, with the tokens that stand beside it", async () => {
    const file = files("jinja", {
      "chat_template.jinja": source,
      "tokenizer_config.json": { bos_token: "<s>", eos_token: "</s>" },
    });

    expect(await loadTemplate({ file }, "template").render(chat)).toBe("Hi</s>");
    expect(await loadTemplate({ file, eos_token: "!", add_bos: true }, "template").render(chat)).toBe(
      "<s>Hi!",
    );
  });

  test("tokenizer_config.json, when the template stands beside it", async () => {
    const file = files("beside", {
      "tokenizer_config.json": { bos_token: null, eos_token: "</s>" },
      "chat_template.jinja": source,
    });

    expect(await loadTemplate({ file }, "template").render(chat)).toBe("Hi</s>");
  });

  test("a Jinja file alone", async () => {
    const file = files("alone", { "my.jinja": source });

    expect(await loadTemplate({ file }, "template").render(chat)).toBe("Hi");
  });
});

describe("a start-up error names the setting, the file and the fault:", () => {
  const faults: readonly (readonly [string, string, unknown, RegExp])[] = [
    ["a file that is not JSON", "tokenizer_config.json", "{", /is not valid JSON\.$/],
    ["JSON that is no object", "tokenizer_config.json", "[]", /must hold a JSON object\.$/],
    [
      "no template",
      "tokenizer_config.json",
      {},
      /has no chat_template, and there is no chat_template\.jinja/,
    ],
    ["no default", "tokenizer_config.json", { chat_template: [{}] }, /has no chat_template named default\.$/],
    [
      "a fault in the template",
      "a.jinja",
      "{% if x %}\n{{ y }\n{% endif %}",
      /near line 2: .*CloseExpression/,
    ],
    [
      "a block that is not closed",
      "b.jinja",
      "\n{% for x in y %}\nx",
      /near line 3: a block is not closed\.$/,
    ],
  ];
  for (const [index, [fault, name, content, message]] of faults.entries()) {
    test(fault, () => {
      const file = files(`fault-${index}`, { [name]: content });
      const load = () => loadTemplate({ file }, "models.x.template");

      expect(load).toThrow(ConfigError);
      expect(load).toThrow(`models.x.template.file: ${file}`);
      expect(load).toThrow(message);
    });
  }

  test("a file that is not there", () => {
    expect(() => loadTemplate({ file: join(folder, "none.jinja") }, "backends.a.template")).toThrow(
      /^backends\.a\.template\.file: cannot read .*none\.jinja \(no such file\)\.$/,
    );
  });

  test("a file that is not UTF-8", () => {
    const file = files("latin", { "a.jinja": "" });
    writeFileSync(file, new Uint8Array([0xe9]));

    expect(() => loadTemplate({ file }, "t")).toThrow(/^t\.file: .* is not UTF-8 text\.$/);
  });

  test("a fault in the configuration's own text", () => {
    expect(() => loadTemplate({ inline: "{{" }, "models.x.template")).toThrow(
      /^models\.x\.template\.inline: is not a chat template that can be read, near line 1: /,
    );
  });
});

describe("the setting", () => {
  const settings: readonly (readonly [unknown, boolean])[] = [
    ["qwen", true],
    ["unheard-of", false],
    [{ file: "a.json" }, true],
    [{ inline: "x", add_bos: true }, true],
    [{ file: "a.json", inline: "x" }, false],
    [{ bos_token: "<s>" }, false],
  ];
  for (const [setting, isRight] of settings) {
    test(`${JSON.stringify(setting)} is ${isRight ? "taken" : "refused"}`, () => {
      expect(Check(TemplateSetting, setting)).toBe(isRight);
    });
  }
});
