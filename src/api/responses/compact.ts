import { collect } from "../../core/collect.ts";
import type { CallContext, GenerationRequest, Message } from "../../core/generation.ts";
import { createHexId } from "../../core/ids.ts";
import type { Item } from "../common/items/kinds.ts";
import { writeCompaction } from "../common/items/compaction.ts";
import { createItemId } from "../common/items/item-id.ts";
import { now } from "./answer.ts";
import { decodePrompt } from "./decode.ts";
import type { ResponseDeps } from "./deps.ts";
import { peekHistory, readInput } from "./history.ts";
import { toGeneration } from "./prompt.ts";
import { encodeUsage } from "./response.ts";
import type { CompactRequest } from "./schema.ts";

const task = `Summarise the conversation above for whoever goes on with it and has not seen it. Keep every fact, name, number, decision, open question and result of a tool that may matter later, and what the user wants. Leave out greetings and repetitions. Write the summary and nothing else.`;

/**
 * A conversation as one item that says the same in fewer words: the model itself writes the summary. What the user said
 * stays as it is. Rejects with a `ServeError`, as a request for an answer would.
 */
export async function compact(body: CompactRequest, context: CallContext, deps: ResponseDeps) {
  const decoded = decodePrompt(body);
  const history = await peekHistory(body, context, deps);
  const input = await readInput(decoded.input, history, { ...deps, owner: context.owner });
  const request = toGeneration(decoded, history, input);
  const generating = await deps.generate([withTask(request)], context, { usage: true });
  const { choices, usage } = await collect(generating.events);
  const compaction: Item = {
    id: createItemId("compaction"),
    type: "compaction",
    encrypted_content: writeCompaction(choices[0]?.text ?? ""),
  };
  return {
    id: createHexId("resp_", 48),
    object: "response.compaction",
    created_at: now(),
    output: [...[...history, ...input].filter(isOfUser), compaction],
    usage: encodeUsage(usage),
  };
}

function isOfUser({ type, role }: Item): boolean {
  return type === "message" && role === "user";
}

function withTask(request: GenerationRequest): GenerationRequest {
  if (request.prompt.kind !== "messages") return request;
  const asked: Message = { role: "user", content: [{ type: "text", text: task }] };
  return { ...request, prompt: { kind: "messages", messages: [...request.prompt.messages, asked] } };
}
