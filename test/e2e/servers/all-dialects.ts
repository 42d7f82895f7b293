import type { LookAlikeModel } from "../../support/kserve/look-alike.ts";

/** One model of each dialect under a name of its own; each server's in one place. */
export const servers = {
  triton: [
    { dialect: "vllm", model: "vllm" },
    { dialect: "trtllm", model: "ensemble" },
    { dialect: "trtllm-bls", model: "bls", accumulate: true },
    { dialect: "trtllm-unary", model: "unary" },
    { dialect: "llmapi", model: "llmapi" },
    { dialect: "generic", model: "generic" },
    { dialect: "mock", model: "mock" },
  ],
  dynamo: [{ dialect: "dynamo", model: "dynamo" }],
  mlserver: [
    { dialect: "mlserver", model: "mlserver" },
    { dialect: "mlserver-hf", model: "pipeline" },
  ],
  ovms: [{ dialect: "ovms", model: "ovms" }],
  kserve: [{ dialect: "kserve-python", model: "kserve" }],
} as const satisfies Record<string, readonly LookAlikeModel[]>;

export type ServerName = keyof typeof servers;
export type ModelName = (typeof servers)[ServerName][number]["model"];

/** How each model's answers come. */
export interface Answering {
  name: ModelName;
  server: ServerName;
  /** `whole`: in one message always; `asked`: in parts where the client streams; `parts`: in parts always. */
  comes: "whole" | "asked" | "parts";
}

export const answering: readonly Answering[] = [
  { name: "vllm", server: "triton", comes: "asked" },
  { name: "ensemble", server: "triton", comes: "asked" },
  { name: "bls", server: "triton", comes: "asked" },
  { name: "unary", server: "triton", comes: "whole" },
  { name: "llmapi", server: "triton", comes: "asked" },
  { name: "generic", server: "triton", comes: "parts" },
  { name: "mock", server: "triton", comes: "parts" },
  { name: "dynamo", server: "dynamo", comes: "parts" },
  { name: "mlserver", server: "mlserver", comes: "parts" },
  { name: "pipeline", server: "mlserver", comes: "whole" },
  { name: "ovms", server: "ovms", comes: "parts" },
  { name: "kserve", server: "kserve", comes: "whole" },
];

/** The configuration's `models`. */
export const models: Readonly<Record<ModelName, { backend: ServerName }>> = {
  vllm: { backend: "triton" },
  ensemble: { backend: "triton" },
  bls: { backend: "triton" },
  unary: { backend: "triton" },
  llmapi: { backend: "triton" },
  generic: { backend: "triton" },
  mock: { backend: "triton" },
  dynamo: { backend: "dynamo" },
  mlserver: { backend: "mlserver" },
  pipeline: { backend: "mlserver" },
  ovms: { backend: "ovms" },
  kserve: { backend: "kserve" },
};
