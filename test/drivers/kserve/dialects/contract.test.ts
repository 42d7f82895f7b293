import { dialects } from "../../../../src/drivers/kserve/dialects/dialects.ts";
import { describeDialect, type DialectExample } from "./contract.ts";
import {
  dynamo,
  generic,
  llmapi,
  mlserver,
  mlserverPipeline,
  ovms,
  trtllm,
  trtllmBls,
  trtllmUnary,
  vllm,
  vllmFirst,
} from "./models.ts";
import { bytes, numbers, type Output } from "./support.ts";

type Messages = DialectExample["messages"];

/** Each piece in a message of its own, then one that ends the answer. */
const inParts =
  (text: (piece: Uint8Array, index: number) => Output[], end: () => Output[][] = () => []): Messages =>
  (pieces) => [...pieces.map(text), ...end()];
const none = new Uint8Array();
const whole = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces);
/** Each message repeats all before it. */
const inWholes =
  (text: (sofar: Uint8Array) => Output[]): Messages =>
  (pieces) =>
    pieces.map((_, index) => text(whole(pieces.slice(0, index + 1))));

describeDialect("anyserve", {
  "capability layout": {
    dialect: dialects.anyserve({ name: "tiny" }, {}),
    messages: inParts(
      (piece) => [bytes("token", piece), bytes("finish_reason", "null")],
      () => [[bytes("token", none), bytes("finish_reason", "stop")]],
    ),
  },
  "model layout": {
    dialect: dialects.anyserve({ name: "tiny" }, { layout: "model" }),
    messages: inParts(
      (piece) => [bytes("text_output", piece), bytes("finish_reason", "")],
      () => [[bytes("text_output", none), bytes("finish_reason", "stop")]],
    ),
  },
});

const vllmMessage = (piece: Uint8Array, word: string, count: number) => [
  bytes("text_output", piece),
  bytes("finish_reason", word),
  { ...numbers("num_input_tokens", "UINT32", 4), shape: [] },
  numbers("num_output_tokens", "UINT32", count),
];
describeDialect("vllm", {
  streaming: {
    dialect: dialects.vllm(vllm, {}),
    messages: inParts(
      (piece) => vllmMessage(piece, "None", 1),
      () => [vllmMessage(none, "stop", 1)],
    ),
  },
  "at once": {
    dialect: dialects.vllm(vllm, {}),
    request: { stream: false },
    messages: (pieces) => [vllmMessage(whole(pieces), "stop", 9)],
    isWhole: true,
  },
  "its first release": {
    dialect: dialects.vllm(vllmFirst, {}),
    messages: inParts((piece) => [bytes("text_output", piece)]),
  },
});

const batched = (output: Output): Output => ({ ...output, shape: [1, ...output.shape] });
const trtllmMessage = (piece: Uint8Array, index: number) => [
  batched(bytes("text_output", piece)),
  batched(numbers("num_input_tokens", "INT32", 4)),
  batched(numbers("num_output_tokens", "INT32", index + 1)),
];
const maxTokens = { sampling: { maxTokens: 1_000 } };
describeDialect("trtllm", {
  ensemble: { dialect: dialects.trtllm(trtllm, {}), request: maxTokens, messages: inParts(trtllmMessage) },
  "without streaming": {
    dialect: dialects.trtllm(trtllmUnary, {}),
    request: maxTokens,
    messages: (pieces) => [trtllmMessage(whole(pieces), 8)],
    isWhole: true,
  },
  "accumulated tokens": {
    dialect: dialects.trtllm(trtllmBls({ accumulate_tokens: "true" }), {}),
    request: maxTokens,
    messages: inWholes((sofar) => [batched(bytes("text_output", sofar))]),
  },
});

describeDialect("llmapi", {
  "whole texts": {
    dialect: dialects.llmapi(llmapi, {}),
    messages: (pieces) => [
      ...inWholes((sofar) => [bytes("text_output", sofar), bytes("finish_reason", "None")])(pieces),
      [bytes("text_output", whole(pieces)), bytes("finish_reason", "stop")],
    ],
  },
  "parts of texts, by the operator's word": {
    dialect: dialects.llmapi(llmapi, { tensors: { cumulative: false } }),
    messages: inParts(
      (piece) => [bytes("text_output", piece), bytes("finish_reason", "None")],
      () => [[bytes("text_output", none), bytes("finish_reason", "stop")]],
    ),
  },
});

describeDialect("dynamo", {
  streaming: {
    dialect: dialects.dynamo(dynamo, {}),
    messages: inParts(
      (piece) => [bytes("text_output", piece), bytes("finish_reason", "")],
      () => [[bytes("text_output", none), bytes("finish_reason", "stop")]],
    ),
    forms: ["typed"],
  },
});

const tensors = { cumulative: false, echo: false };
describeDialect("mlserver", {
  "a text runtime": {
    dialect: dialects.mlserver(mlserver, { tensors }),
    messages: inParts((piece) => [{ ...bytes("output", piece), shape: [1, 1] }]),
  },
  "the HuggingFace runtime": {
    dialect: dialects.mlserver(mlserverPipeline, {}),
    messages: (pieces) => [
      [
        {
          ...bytes("output", JSON.stringify({ generated_text: `Say it, Sam.${whole(pieces).toString()}` })),
          shape: [1, 1],
          parameters: { content_type: "hg_jsonlist" },
        },
      ],
    ],
    isWhole: true,
    isJson: true,
  },
});

describeDialect("ovms", {
  "text as numbers": {
    dialect: dialects.ovms(ovms, {}),
    messages: inParts(
      (piece) => [numbers("completion", "UINT8", ...piece)],
      () => [[numbers("token_count", "INT32", 9)], [bytes("end_signal", none)]],
    ),
  },
  "text as BYTES": {
    dialect: dialects.ovms(ovms, {}),
    messages: inParts(
      (piece) => [bytes("completion", piece)],
      () => [[numbers("token_count", "INT32", 9)], [bytes("end_signal", none)]],
    ),
  },
});

describeDialect("generic", {
  "a Python model": {
    dialect: dialects.generic(generic, { tensors }),
    messages: inParts((piece) => [bytes("output", piece)]),
  },
  "whole texts with the prompt, by the operator's word": {
    dialect: dialects.generic(generic, { tensors: { cumulative: true, echo: true } }),
    messages: inWholes((sofar) => [bytes("output", Buffer.concat([Buffer.from("Say it, Sam."), sofar]))]),
  },
});
