import { createArgumentsReader } from "../tool-arguments.ts";

/** As much of a template's variables as has to do with tool calls. */
export interface CallVariables {
  messages?: readonly { tool_calls?: readonly { function: { arguments: unknown } }[] }[];
}

/** Arguments are objects, as templates expect; what the model wrote otherwise, or too much of it, stays a text. */
export function withArguments<Variables extends CallVariables>(variables: Variables): Variables {
  const read = createArgumentsReader();
  for (const { tool_calls: calls = [] } of variables.messages ?? []) {
    for (const { function: called } of calls) {
      if (typeof called.arguments === "string") called.arguments = read(called.arguments) ?? called.arguments;
    }
  }
  return variables;
}
