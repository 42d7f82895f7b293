import type { McpResult } from "./connection.ts";

/** The result of a call as the text that a model is given. Throws an `Error` with that text for one that failed. */
export function toToolResult({ content, structuredContent, isError }: McpResult): string {
  const parts = content.map(textOf);
  const structured =
    structuredContent === undefined || isIn(parts, structuredContent) ? [] : [structuredContent];
  const text = [...parts, ...structured.map((value) => JSON.stringify(value))].join("\n");
  if (isError === true) throw new Error(text === "" ? "The tool failed." : text);
  return text === "" ? "Done." : text;
}

function textOf(part: McpResult["content"][number]): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "image":
    case "audio":
      return note(part.type, part.mimeType, part.data);
    case "resource_link":
      return `[link to ${part.name}: ${part.uri}]`;
    case "resource": {
      const { resource } = part;
      return "text" in resource ? resource.text : note("file", resource.mimeType, resource.blob);
    }
  }
}

function note(kind: string, mediaType: string | undefined, base64: string): string {
  const bytes = Math.floor((base64.length * 3) / 4);
  return `[${kind}${mediaType === undefined ? "" : ` of ${mediaType}`}, ${bytes} bytes: not shown]`;
}

/** Servers repeat structured content as text, for clients that know no other. */
function isIn(parts: readonly string[], value: unknown): boolean {
  return parts.some((text) => {
    try {
      return Bun.deepEquals(JSON.parse(text), value);
    } catch {
      return false;
    }
  });
}
