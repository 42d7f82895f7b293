import { toSafeName } from "../tools/safe-name.ts";

/** Name under which models are offered a tool of `server`: `server__tool`, changed where models do not take that. */
export function toToolName(server: string, tool: string): string {
  return toSafeName(`${server}__${tool}`);
}
