import { ServeError } from "../../core/error.ts";
import type { Prompt } from "../../core/generation.ts";
import type { Fetched } from "../../egress/egress.ts";
import type { DialectAbilities, PromptImage } from "./dialects/dialect.ts";

/** Brings a prompt's images into the form that the dialect asks for. Rejects with `ServeError`. */
export type LoadImages = (
  prompt: Prompt,
  form: DialectAbilities["images"],
  signal: AbortSignal,
) => Promise<readonly PromptImage[]>;

/** Fetches what an address names; the `ServeError` that it rejects with names `param`. */
export type FetchImage = (url: string, param: string, signal: AbortSignal) => Promise<Fetched>;

/** Of one request. */
const maxImages = 64;
const maxFetchedBytes = 67_108_864;
const fetchesAtOnce = 4;

export interface LoadImagesOptions {
  fetchImage: FetchImage;
  /** Of an image in the request; `fetchImage` keeps its own limit. */
  maxBytes: number;
}

/**
 * Images by address are fetched here, also for a server that takes addresses: it would follow them to places that only
 * it can reach. Each address is fetched once a request.
 */
export function createLoadImages({ fetchImage, maxBytes }: LoadImagesOptions): LoadImages {
  return async (prompt, form, signal) => {
    const images = form === "none" || prompt.kind !== "messages" ? [] : findImages(prompt.messages);
    if (images.length > maxImages) {
      throw new ServeError("invalid_request", `A request may have at most ${maxImages} images.`, {
        code: "array_above_max_length",
        param: "messages",
      });
    }
    for (const image of images) assertForm(image, maxBytes);
    const fetched = await fetchAll(images, fetchImage, signal);
    return images.map(({ url }) => {
      const inline = fetched.get(url) ?? url;
      return form === "bytes"
        ? { url: inline, base64: inline.slice(inline.indexOf(",") + 1) }
        : { url: inline };
    });
  };
}

interface NamedImage {
  url: string;
  /** Where it stands in the request. */
  param: string;
}

function findImages(messages: Extract<Prompt, { kind: "messages" }>["messages"]): NamedImage[] {
  return messages.flatMap((message, position) =>
    message.content.flatMap((part, index) => {
      if (part.type !== "image") return [];
      return [{ url: part.url, param: `messages[${position}].content[${index}].image_url.url` }];
    }),
  );
}

const inlineForm = /^data:([\w.+/-]{1,128})(?:;[\w=.+-]{1,128}){0,4};base64,/i;
const addressForm = /^https?:\/\//;

function assertForm({ url, param }: NamedImage, maxBytes: number): void {
  if (addressForm.test(url)) return;
  const [head = "", mediaType = ""] = inlineForm.exec(url) ?? [];
  const size = head === "" ? 0 : decodedSize(url.slice(head.length));
  if (size === 0)
    throw refused("An image must be given as a data URL with base64, or by an http or https address.", param);
  if (!isRaster(mediaType))
    throw refused("A data URL must be of an image, and not of a drawing in SVG.", param);
  if (size > maxBytes) throw refused(`An image may have at most ${maxBytes} bytes.`, param);
}

/** Model servers read pixels. */
function isRaster(mediaType: string): boolean {
  return /^image\/(?!svg)[\w.+-]+$/i.test(mediaType);
}

/** How many bytes `text` stands for, in base64 of either alphabet that may have line ends; 0 if it is none. */
function decodedSize(text: string): number {
  const base64 = /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]+/g, "") : text;
  if (base64.length % 4 !== 0 || !/^[\w+/-]+={0,2}$/.test(base64)) return 0;
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

/** Data URLs of all addresses, a few at once; the first failure ends the others. */
async function fetchAll(
  images: readonly NamedImage[],
  fetchImage: FetchImage,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const addressed = new Map(
    images.filter(({ url }) => addressForm.test(url)).map((image) => [image.url, image]),
  );
  const fetched = new Map<string, string>();
  const waiting = addressed.values();
  const controller = new AbortController();
  const limited = AbortSignal.any([signal, controller.signal]);
  let total = 0;
  const work = async () => {
    for (const { url, param } of waiting) {
      const { bytes, mediaType } = await fetchImage(url, param, limited);
      total += bytes.length;
      if (total > maxFetchedBytes) throw tooLarge(param);
      const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
      const type = /^image\/[\w.+-]{1,64}$/.test(mediaType) ? mediaType : "application/octet-stream";
      fetched.set(url, `data:${type};base64,${base64}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(fetchesAtOnce, addressed.size) }, work));
  } finally {
    controller.abort();
  }
  return fetched;
}

function tooLarge(param: string): ServeError {
  return refused(`The images of a request may have at most ${maxFetchedBytes} bytes together.`, param);
}

function refused(message: string, param: string): ServeError {
  return new ServeError("invalid_request", message, { code: "invalid_value", param });
}
