import type { Tool, ToolChoice } from "../../core/generation.ts";
import type { Log } from "../../core/log.ts";
import type { ServerTool } from "./server-tool.ts";

/** The tools of one generation. Every name is that of one tool. */
export interface Offer {
  /** What the model is asked with. */
  tools: readonly Tool[];
  /** By name. */
  server: ReadonlyMap<string, ServerTool>;
  client: ReadonlySet<string>;
  toolChoice: ToolChoice;
}

export interface Offered {
  server: readonly ServerTool[];
  /** Absent where the client has no say at all: `toolChoice` is then about the server's tools. */
  client?: readonly Tool[];
  toolChoice: ToolChoice;
  log: Log;
}

/**
 * Of two tools of one name the server's is offered: a client cannot put its own in the place of one that runs here. The
 * log says which was left out.
 */
export function createOffer({ server, client, toolChoice, log }: Offered): Offer {
  const byName = new Map<string, ServerTool>();
  for (const tool of server) {
    const { name } = tool.definition;
    if (byName.has(name)) log.warn("An agent has two tools of one name; the first is used", { tool: name });
    else byName.set(name, tool);
  }
  // A client that wants none of its tools called has no say in what the agent does by itself.
  const isDeclined = toolChoice.mode === "none" && client !== undefined;
  const names = new Set<string>();
  const clientTools: Tool[] = [];
  for (const tool of isDeclined || client === undefined ? [] : client) {
    if (byName.has(tool.name)) {
      log.warn("A tool of the client is not offered: the agent has one of that name", { tool: tool.name });
    } else if (!names.has(tool.name)) {
      names.add(tool.name);
      clientTools.push(tool);
    }
  }
  return {
    tools: [...[...byName.values()].map(({ definition }) => definition), ...clientTools],
    server: byName,
    client: names,
    toolChoice: isDeclined ? { mode: "auto" } : toolChoice,
  };
}

export interface Round {
  isFirst: boolean;
  /** No answer to a call of a server's tool can be heard any more. */
  isLast: boolean;
}

/**
 * What the model is told of one round. A demanded call is demanded once: a client's tool ends the generation, and with
 * the result of another the model must be able to answer. In the last round the model answers with what it has, or
 * calls a tool of the client.
 */
export function choiceOfRound(offer: Offer, { isFirst, isLast }: Round): ToolChoice {
  const { tools, server, client } = offer;
  if (tools.length === 0) return { mode: "auto" };
  const wanted = isFirst ? firstChoice(offer) : laterChoice(offer);
  if (!isLast || wanted.mode === "none") return wanted;
  if (wanted.mode === "named") return client.has(wanted.name) ? wanted : { mode: "none" };
  if (wanted.mode !== "allowed" && server.size === 0) return wanted;
  const names = (wanted.mode === "allowed" ? wanted.names : [...client]).filter((name) => client.has(name));
  if (names.length === 0) return { mode: "none" };
  return { mode: "allowed", required: wanted.mode === "allowed" && wanted.required, names };
}

function firstChoice(offer: Offer): ToolChoice {
  const { toolChoice, server, client } = offer;
  if (toolChoice.mode === "allowed" && !toolChoice.required) return laterChoice(offer);
  // A demand for any call is the client's and means its own tools, if it has some.
  if (toolChoice.mode !== "required" || client.size === 0 || server.size === 0) return toolChoice;
  return { mode: "allowed", required: true, names: [...client] };
}

function laterChoice({ toolChoice, server, client }: Offer): ToolChoice {
  if (toolChoice.mode === "none") return toolChoice;
  if (toolChoice.mode !== "allowed") return { mode: "auto" };
  // A client that limits itself to some of its tools does not limit the agent.
  const isOfClient = toolChoice.names.every((name) => client.has(name));
  const names = isOfClient ? [...server.keys(), ...toolChoice.names] : toolChoice.names;
  return { mode: "allowed", required: false, names };
}
