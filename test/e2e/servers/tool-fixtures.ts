export const cityOnly = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

export function tool(name: string, more: object = {}) {
  return { type: "function" as const, function: { name, parameters: cityOnly, ...more } };
}

export const tools = [tool("forecast"), tool("history"), tool("climate")];

/** A call in the form of ChatML's models, as the template writes it too: so the look-alike knows its own call again. */
export function callText(name: string, args: unknown = { city: "Łódź" }): string {
  return `<tool_call>\n{"name": "${name}", "arguments": ${JSON.stringify(args)}}\n</tool_call>`;
}

/** Values of `tool_choice`. */
export function named(name: string) {
  return { type: "function", function: { name } };
}

export function allowed(mode: "auto" | "required", ...names: string[]) {
  return { type: "allowed_tools", allowed_tools: { mode, tools: names.map(named) } };
}

interface Calling {
  choices: { message: { tool_calls?: { function: { name: string; arguments: string } }[] } }[];
}

/** Names and arguments of the calls of the first choice. */
export function callsOf({ choices }: Calling): [string, unknown][] {
  return (choices[0]?.message.tool_calls ?? []).map((made) => [
    made.function.name,
    JSON.parse(made.function.arguments),
  ]);
}
