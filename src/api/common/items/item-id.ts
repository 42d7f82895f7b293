import { createHexId } from "../../../core/ids.ts";

const prefixes: Readonly<Record<string, string>> = {
  message: "msg_",
  reasoning: "rs_",
  function_call: "fc_",
  function_call_output: "fco_",
  custom_tool_call: "ctc_",
  custom_tool_call_output: "ctco_",
  compaction: "cmp_",
  web_search_call: "ws_",
  file_search_call: "fs_",
  computer_call: "cu_",
  computer_call_output: "cuo_",
  code_interpreter_call: "ci_",
  image_generation_call: "ig_",
  local_shell_call: "lsh_",
  local_shell_call_output: "lsho_",
  shell_call: "sh_",
  shell_call_output: "sho_",
  apply_patch_call: "apc_",
  apply_patch_call_output: "apco_",
  mcp_call: "mcp_",
  mcp_list_tools: "mcpl_",
  mcp_approval_request: "mcpr_",
  mcp_approval_response: "mcpa_",
  tool_search_call: "tsc_",
  tool_search_output: "tso_",
};

/** A new id for an item of that type: its prefix and 48 hexadecimal digits. */
export function createItemId(type: string): string {
  return createHexId(prefixOf(type), 48);
}

/** The id of a response's item at that place: always the same one, so that events can be told again. */
export function outputItemId(type: string, responseId: string, index: number): string {
  const digest = new Bun.CryptoHasher("sha256").update(`${responseId}:${index}`).digest("hex");
  return prefixOf(type) + digest.slice(0, 48);
}

function prefixOf(type: string): string {
  return prefixes[type] ?? "item_";
}
