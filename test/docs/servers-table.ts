import type { Capabilities, Sampling } from "../../src/core/generation.ts";
import type { DialectName, ModelProfile } from "../../src/drivers/kserve/dialects/dialect.ts";
import { createModel, type KserveModel } from "../../src/drivers/kserve/model.ts";
import { toModelSettings } from "../../src/drivers/kserve/settings.ts";
import { createStreamRoutes } from "../../src/drivers/kserve/stream-routes.ts";
import * as models from "../drivers/kserve/dialects/models.ts";

const servers: readonly [title: string, dialect: DialectName, profile: ModelProfile][] = [
  ["AnyServe", "anyserve", { name: "generate" }],
  ["Triton: vLLM", "vllm", models.vllm],
  ["Triton: TensorRT-LLM", "trtllm", models.trtllm],
  ["Triton: TensorRT-LLM LLM API", "llmapi", models.llmapi],
  ["Dynamo", "dynamo", models.dynamo],
  ["MLServer", "mlserver", models.mlserver],
  ["MLServer: HuggingFace", "mlserver", models.mlserverPipeline],
  ["OVMS (Python)", "ovms", models.ovms],
  ["any other model", "generic", models.generic],
  ["any other model, not streaming", "generic", models.genericUnary],
];

type Cell = "native" | "edge" | "refused" | "ignored";

/** What each feature of the OpenAI API becomes, from the capabilities on which the product itself decides. */
const rows: readonly [feature: string, (model: KserveModel) => Cell][] = [
  ["text, streamed", of(({ wholeOnly }) => native(wholeOnly !== true, "edge"))],
  [
    "`max_tokens`",
    of(({ sampling, reportsLength, wholeOnly }) =>
      sampling.has("maxTokens") && (reportsLength || wholeOnly === true)
        ? "native"
        : wholeOnly === true
          ? "ignored"
          : "edge",
    ),
  ],
  [
    "`finish_reason: length`",
    of(({ reportsLength, wholeOnly }) => native(reportsLength, wholeOnly === true ? "ignored" : "edge")),
  ],
  ["`stop`", sampled("stop", "edge")],
  ["`n`", of(({ choices }) => native(choices > 1, "edge"))],
  ["`best_of`", of(({ bestOf }) => native(bestOf, "refused"))],
  ["`temperature`", sampled("temperature", "ignored")],
  ["`top_p`", sampled("topP", "ignored")],
  ["`top_k`", sampled("topK", "ignored")],
  ["`seed`", sampled("seed", "ignored")],
  ["`frequency_penalty`, `presence_penalty`", sampled("frequencyPenalty", "ignored")],
  ["`logit_bias`", sampled("logitBias", "ignored")],
  ["`min_p`", extra("min_p")],
  ["`repetition_penalty`", extra("repetition_penalty")],
  ["`ignore_eos`", extra("ignore_eos")],
  ["`logprobs`", of(({ logprobs }) => native(logprobs, "refused"))],
  ["`tools`, `tool_choice: auto`", of(({ tools }) => (tools ? "edge" : "refused"))],
  ["`tool_choice: required` or a tool", of(({ toolChoice }) => native(toolChoice, "edge"))],
  ["`response_format`", of(({ json }) => native(json, "edge"))],
  ["images", of(({ images }) => native(images, "refused"))],
  ["`suffix`, with `fim:` set", () => "edge"],
  ["prompts of token ids", of(({ tokenPrompts }) => native(tokenPrompts, "edge"))],
  ["LoRA adapters as models", ({ dialect }) => native(dialect.abilities.lora, "refused")],
  ["`/v1/embeddings`", of(({ embeddings }) => native(embeddings !== undefined, "refused"))],
];

const signs: Readonly<Record<Cell, string>> = {
  native: "●",
  edge: "○",
  ignored: "–",
  refused: "✗",
};

/** The table as Markdown. */
export function serversTable(): string {
  const all = servers.map(([, dialect, profile]) =>
    createModel(
      profile,
      dialect,
      toModelSettings({}, ""),
      createStreamRoutes([], () => 0),
    ),
  );
  const head = ["", ...servers.map(([title]) => title)];
  const body = rows.map(([feature, cell]) => [feature, ...all.map((model) => signs[cell(model)])]);
  return [head, head.map((_, column) => (column === 0 ? "---" : ":-:")), ...body]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function native(isNative: boolean, otherwise: Cell): Cell {
  return isNative ? "native" : otherwise;
}

function of(cell: (capabilities: Capabilities) => Cell): (model: KserveModel) => Cell {
  return ({ capabilities }) => cell(capabilities);
}

function sampled(field: keyof Sampling, otherwise: Cell): (model: KserveModel) => Cell {
  return of(({ sampling }) => native(sampling.has(field), otherwise));
}

function extra(name: string): (model: KserveModel) => Cell {
  return of((capabilities) => native(capabilities.extra.has(name), "ignored"));
}
