/** What the scripted MCP servers have, whichever generation of the SDK serves it. */
export interface ScriptedTool {
  name: string;
  description: string;
  inputSchema: { type: "object"; [key: string]: unknown };
}

export const scriptedTools: readonly ScriptedTool[] = [
  {
    name: "add",
    description: "Adds two numbers.",
    inputSchema: {
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
      required: ["a", "b"],
    },
  },
  { name: "fail", description: "Says that it failed.", inputSchema: { type: "object" } },
  { name: "refuse", description: "Answers with an error of the protocol.", inputSchema: { type: "object" } },
  { name: "mixed", description: "Everything but text.", inputSchema: { type: "object" } },
  { name: "structured", description: "Structured content, also as text.", inputSchema: { type: "object" } },
  { name: "environment", description: "Its variables.", inputSchema: { type: "object" } },
  { name: "process", description: "Its process id.", inputSchema: { type: "object" } },
  { name: "hang", description: "Never answers.", inputSchema: { type: "object" } },
  { name: "cancelled", description: "How many calls were cancelled.", inputSchema: { type: "object" } },
  { name: "exit", description: "Ends the server.", inputSchema: { type: "object" } },
  { name: "grow", description: "Adds a tool to the list.", inputSchema: { type: "object" } },
  {
    name: "look.ahead",
    description: "A pattern that cannot be checked.",
    inputSchema: { type: "object", properties: { word: { type: "string", pattern: "a(?=b)" } } },
  },
];

export interface ScriptedState {
  tools: ScriptedTool[];
  cancelled: number;
}

export function scriptedState(): ScriptedState {
  return { tools: [...scriptedTools], cancelled: 0 };
}

type Part =
  | { type: "text"; text: string }
  | { type: "image"; data: string; mimeType: string }
  | { type: "resource"; resource: { uri: string; text: string } }
  | { type: "resource_link"; uri: string; name: string };

export interface ScriptedResult {
  content: Part[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
  [key: string]: unknown;
}

/** `changed` tells clients that the list is another; `say` is for the error output. */
export async function runScripted(
  name: string,
  args: Readonly<Record<string, unknown>>,
  {
    state,
    signal,
    changed,
    say,
  }: {
    state: ScriptedState;
    signal: AbortSignal;
    changed: () => Promise<void>;
    say?: (text: string) => void;
  },
): Promise<ScriptedResult> {
  switch (name) {
    case "add":
      return text(String(Number(args["a"]) + Number(args["b"])));
    case "fail":
      return { ...text("The disk is full."), isError: true };
    case "mixed":
      return {
        content: [
          { type: "text", text: "Look:" },
          { type: "image", data: "AAAA", mimeType: "image/png" },
          { type: "resource", resource: { uri: "file:///a.txt", text: "inside" } },
          { type: "resource_link", uri: "file:///b.txt", name: "b" },
        ],
        structuredContent: { rows: 2 },
      };
    case "structured":
      return { ...text('{ "rows": 2 }'), structuredContent: { rows: 2 } };
    case "environment":
      return text(JSON.stringify(process.env));
    case "process":
      return text(String(process.pid));
    case "hang":
      say?.("hanging");
      return await new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => {
          state.cancelled++;
          reject(new Error("cancelled"));
        });
      });
    case "cancelled":
      return text(String(state.cancelled));
    case "exit":
      process.exit(3);
    case "grow":
      state.tools.push({ name: "grown", description: "New.", inputSchema: { type: "object" } });
      await changed();
      return text("grown");
    default:
      throw new Error(`No such tool: ${name}`);
  }
}

function text(value: string): ScriptedResult {
  return { content: [{ type: "text", text: value }] };
}

/** Tools of one page of the list, so that there are several. */
const pageSize = 5;

export function pageOf(tools: readonly ScriptedTool[], cursor: string | undefined) {
  const start = Number(cursor ?? 0);
  const end = start + pageSize;
  return { tools: tools.slice(start, end), ...(end < tools.length && { nextCursor: String(end) }) };
}
