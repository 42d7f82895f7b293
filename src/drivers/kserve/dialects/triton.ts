import type { ModelConfig, Parameters } from "../codec/messages.ts";
import type { Rpc } from "./dialect.ts";

/** Asks Triton for a last message also when it has no outputs; no other server gets it, some refuse what they do not know. */
export const finalResponseWanted: Parameters = new Map([["triton_enable_empty_final_response", true]]);

/** A model that answers once answers so on both rpcs, one that may answer more often on the stream rpc only. */
export function tritonRpcs(config: ModelConfig | undefined): readonly Rpc[] {
  if (config === undefined) return ["stream", "infer"];
  return config.decoupled ? ["stream"] : ["infer", "stream"];
}
