import { ServeError } from "../../core/error.ts";
import type { Prompt } from "../../core/generation.ts";
import type { DialectAbilities, PromptImage } from "./dialects/dialect.ts";

/** Brings a prompt's images into the form that the dialect asks for. Rejects with `ServeError`. */
export type LoadImages = (
  prompt: Prompt,
  form: DialectAbilities["images"],
  signal: AbortSignal,
) => Promise<readonly PromptImage[]>;

/** Fetches what an address names; the `ServeError` that it rejects with names `param`. */
export type FetchImage = (url: string, param: string, signal: AbortSignal) => Promise<Uint8Array>;

/** `fetchImage` is for images that are given by address where the model server takes bytes. */
export function createLoadImages(fetchImage: FetchImage): LoadImages {
  return async (prompt, form, signal) => {
    if (prompt.kind !== "messages") return [];
    const loading: Promise<PromptImage>[] = [];
    for (const [position, message] of prompt.messages.entries()) {
      for (const [index, part] of message.content.entries()) {
        if (part.type !== "image") continue;
        const param = `messages[${position}].content[${index}].image_url.url`;
        loading.push(
          form === "bytes" ? loadBytes(part.url, param, fetchImage, signal) : addressed(part.url, param),
        );
      }
    }
    return await Promise.all(loading);
  };
}

const inlineForm = /^data:[\w.+/-]{1,128}(?:;[\w=.+-]{1,128}){0,4};base64,/;

async function addressed(url: string, param: string): Promise<PromptImage> {
  if (!inlineForm.test(url) && !/^https?:\/\//.test(url)) throw notAnImage(param);
  return { url };
}

async function loadBytes(
  url: string,
  param: string,
  fetchImage: FetchImage,
  signal: AbortSignal,
): Promise<PromptImage> {
  const head = inlineForm.exec(url)?.[0];
  if (head !== undefined) return { url, base64: url.slice(head.length) };
  if (!/^https?:\/\//.test(url)) throw notAnImage(param);
  const bytes = await fetchImage(url, param, signal);
  return { url, base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64") };
}

function notAnImage(param: string): ServeError {
  return new ServeError(
    "invalid_request",
    "An image must be given as a data URL with base64, or by an http or https address.",
    { code: "invalid_value", param },
  );
}
