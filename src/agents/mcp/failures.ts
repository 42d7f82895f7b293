/**
 * What became of a question to an MCP server:
 * - `protocol`: it answered that it cannot, in words that are for who asked;
 * - `forgotten`: it does not know the connection any more, as after a restart, and did nothing;
 * - `late`: no answer in time, of which it was told;
 * - `broken`: anything else, after which nobody knows what it did.
 */
export type McpFailure = "protocol" | "forgotten" | "late" | "broken";

/** Errors of the client are told apart by their codes, so that its code need not be there. */
export function failureOf(thrown: unknown): McpFailure {
  if (!(thrown instanceof Error)) return "broken";
  if ("code" in thrown && typeof thrown.code === "number") return "protocol";
  if ("code" in thrown && thrown.code === "REQUEST_TIMEOUT") return "late";
  return "status" in thrown && (thrown.status === 404 || thrown.status === 400) ? "forgotten" : "broken";
}
