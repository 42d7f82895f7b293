import { ServeError } from "../../core/error.ts";
import type { TokenizeRequest } from "./schema.ts";

/** The text of a request, and the field that it comes from. Throws `invalid_request` when there is none. */
export function decodeText({ prompt, messages }: TokenizeRequest): { text: string; param: string } {
  if (prompt != null) return { text: prompt, param: "prompt" };
  if (messages == null) {
    throw new ServeError("invalid_request", "'prompt' is required.", {
      code: "missing_required_parameter",
      param: "prompt",
    });
  }
  return { text: messages.map(({ content }) => toText(content)).join("\n"), param: "messages" };
}

type Content = NonNullable<TokenizeRequest["messages"]>[number]["content"];

function toText(content: Content): string {
  if (content == null) return "";
  return typeof content === "string" ? content : content.map(({ text }) => text ?? "").join("");
}
