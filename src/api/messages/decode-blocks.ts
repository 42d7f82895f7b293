import type { ContentPart, ToolCall } from "../../core/generation.ts";
import type { AssistantBlock, ResultBlock, ToolResultBlock, UserBlock } from "./block-schema.ts";

type Block = UserBlock | AssistantBlock;
type BlockOf<Type extends Block["type"]> = Extract<Block, { type: Type }>;

/** What a model is shown of a block; nothing of what is not for models, and of what has a place of its own. */
export function decodeBlock(block: Block): ContentPart[] {
  switch (block.type) {
    case "text":
      return [text(block.text)];
    case "image":
      return [decodeImage(block.source)];
    case "document":
      return decodeDocument(block);
    case "search_result":
      return [text([block.title, block.source, ...block.content.map((part) => part.text)].join("\n"))];
    default:
      // Calls, their outcomes, and all words that are not read, which only the compiler knows as `other`.
      return [];
  }
}

/** A call of an earlier answer, as the model wrote it. */
export function decodeToolUse({ id, name, input }: BlockOf<"tool_use">): ToolCall {
  return { id, kind: "function", name, arguments: JSON.stringify(input ?? {}) };
}

/**
 * The outcome of a call as a text, and what of it is none. Model servers take no images as the outcome of a call: those
 * follow in a message of the user.
 */
export function decodeToolResult({ content, is_error: isError }: ToolResultBlock): {
  text: string;
  others: ContentPart[];
} {
  const parts = typeof content === "string" ? [text(content)] : (content ?? []).flatMap(decodeBlock);
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  const others = parts.filter((part) => part.type !== "text");
  const outcome = texts.length === 0 && others.length > 0 ? "The outcome follows." : texts.join("\n");
  return { text: isError === true ? `Error: ${outcome}` : outcome, others };
}

function decodeImage(source: BlockOf<"image">["source"]): ContentPart {
  const url = source.type === "url" ? source.url : `data:${source.media_type};base64,${source.data}`;
  return { type: "image", url };
}

function decodeDocument({
  source,
  title,
  context,
}: Extract<ResultBlock, { type: "document" }>): ContentPart[] {
  switch (source.type) {
    case "text":
      return [text(describe(title, context, source.data))];
    case "content": {
      const head = describe(title, context);
      const { content } = source;
      const parts = typeof content === "string" ? [text(content)] : content.flatMap(decodeBlock);
      return head === "" ? parts : [text(`${head}\n`), ...parts];
    }
    case "base64": {
      const filename = title ?? "document";
      return [{ type: "file", filename, base64: `data:${source.media_type};base64,${source.data}` }];
    }
    case "file":
      return [{ type: "file", fileId: source.file_id }];
  }
}

/** What there is of a document, one below the other. */
function describe(...texts: readonly (string | null | undefined)[]): string {
  return texts.filter((each) => each != null && each !== "").join("\n");
}

function text(value: string): ContentPart {
  return { type: "text", text: value };
}
