import { describe, expect, test } from "bun:test";
import { expectError } from "../../support/expectations.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { serveModels } from "./bed.ts";

/** The smallest GIF and the beginning of a PNG. */
const gif = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const png = "iVBORw0KGgo=";
const dataUrls = [`data:image/gif;base64,${gif}`, `data:image/png;base64,${png}`] as const;

const question = (...urls: string[]) => ({
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "What is this?" },
        ...urls.map((url) => ({ type: "image_url", image_url: { url, detail: "low" } })),
      ],
    },
  ],
});
const template = `{%- for message in messages -%}
{{ message.role }}: {% for part in message.content %}{% if part.type == "image" %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}

{% endfor -%}
assistant:`;

describeBlackBox("Images", () => {
  const bed = serveModels({
    servers: {
      triton: [{ dialect: "vllm" }, { dialect: "trtllm" }, { dialect: "trtllm-bls" }, { dialect: "llmapi" }],
      fetching: [{ dialect: "vllm", model: "fetching" }],
      dynamo: [{ dialect: "dynamo", model: "dynamo" }],
    },
    backends: { fetching: { images: { allow_hosts: ["127.0.0.1", "localhost", "*.invalid"] } } },
    models: {
      vllm_model: { backend: "triton" },
      marked: { backend: "triton", target: "vllm_model", template: { inline: template } },
      ensemble: { backend: "triton" },
      tensorrt_llm_bls: { backend: "triton" },
      tensorrt_llm: { backend: "triton" },
      fetching: { backend: "fetching" },
      dynamo: { backend: "dynamo" },
    },
  });

  describe("in the request", () => {
    test("vLLM gets their base64, in order", async () => {
      const answer = await bed.chat({ model: "vllm_model", ...question(...dataUrls) });

      expect(answer.status).toBe(200);
      expect((await bed.arrived())[0]?.tensors["image"]).toEqual(["BYTES", [2], [gif, png]]);
    });

    test("vLLM gets those of all messages", async () => {
      await bed.chat({
        model: "vllm_model",
        messages: [
          ...question(dataUrls[1]).messages,
          { role: "assistant", content: "A picture." },
          ...question(dataUrls[0]).messages,
        ],
      });

      expect((await bed.arrived())[0]?.tensors["image"]?.[2]).toEqual([png, gif]);
    });

    for (const [model, tensor, shape] of [
      ["tensorrt_llm", "image_url", [2]],
      ["tensorrt_llm_bls", "image_url_input", [1, 2]],
    ] as const) {
      test(`${model} gets them as data URLs`, async () => {
        await bed.chat({ model, ...question(...dataUrls) });

        expect((await bed.arrived())[0]?.tensors[tensor]).toEqual(["BYTES", shape, dataUrls]);
      });
    }

    test("a model without any gets no such tensor", async () => {
      await bed.chat({ model: "vllm_model", ...question() });

      expect((await bed.arrived())[0]?.tensors).not.toHaveProperty("image");
    });

    test("a template of the model's own says where they stand", async () => {
      await bed.chat({ model: "marked", ...question(dataUrls[0]) });

      expect((await bed.arrived())[0]?.prompt).toBe("user: What is this?<image>\nassistant:");
    });
  });

  describe("by address", () => {
    // TensorRT-LLM would fetch it itself, from places that only it can reach.
    for (const model of ["vllm_model", "tensorrt_llm", "tensorrt_llm_bls"]) {
      test(`is refused for ${model} where no host is allowed`, async () => {
        const answer = await bed.chat({ model, ...question("https://images.example/cat.png") });

        expectError(answer, {
          status: 400,
          code: "unsupported_value",
          param: "messages[0].content[1].image_url.url",
        });
        expect(await bed.arrived()).toEqual([]);
      });
    }

    for (const url of [
      "https://images.example/cat.png",
      "http://127.0.0.1:8080/health",
      "http://localhost:8080/health",
      "http://169.254.169.254/latest/meta-data",
      "http://[::1]/",
    ]) {
      test(`${url} is not fetched: another host, or one that no list opens`, async () => {
        const answer = await bed.chat({ model: "fetching", ...question(dataUrls[0], url) });

        const error = expectError(answer, { status: 400, param: "messages[0].content[2].image_url.url" });
        expect(error.message).not.toContain(url);
        expect(await bed.arrived()).toEqual([]);
      });
    }
  });

  describe("refusals", () => {
    for (const model of ["vllm_model", "tensorrt_llm", "fetching"]) {
      for (const url of [
        "file:///etc/passwd",
        "/etc/passwd",
        "data:image/png,raw",
        "data:image/png;base64,no base64!",
        "data:image/png;base64,",
        "ftp://images.example/cat.png",
        "",
      ]) {
        test(`${model} refuses ${JSON.stringify(url)}`, async () => {
          const answer = await bed.chat({ model, ...question(url) });

          expectError(answer, { status: 400, param: "messages[0].content[1].image_url.url" });
          expect(await bed.arrived()).toEqual([]);
        });
      }
    }

    for (const model of ["ensemble", "dynamo"]) {
      test(`${model} takes none`, async () => {
        const answer = await bed.chat({ model, ...question(dataUrls[0]) });

        expectError(answer, { status: 400, code: "unsupported_value", param: "messages[0].content[1]" });
      });
    }
  });
});
