import type { EgressAnswer } from "../../egress/egress.ts";

/** An answer as a model is told of it. */
export interface HttpResult {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Only the beginning of the body is there. */
  truncated?: true;
}

const shownHeaders = ["content-type", "location", "last-modified", "etag", "retry-after", "link", "allow"];
const longestHeader = 1_024;

/** Text by its charset; what is no text is named and not shown. `secrets` are masked wherever they stand. */
export function toHttpResult(answer: EgressAnswer, secrets: readonly string[]): HttpResult {
  const mask = (text: string) => secrets.reduce((masked, secret) => masked.replaceAll(secret, "***"), text);
  const { status, headers } = answer;
  const shown = shownHeaders.flatMap((name): [string, string][] => {
    const value = headers[name];
    return typeof value === "string" ? [[name, mask(value).slice(0, longestHeader)]] : [];
  });
  return {
    status,
    headers: Object.fromEntries(shown),
    body: mask(bodyOf(answer)),
    ...(answer.isCut && { truncated: true as const }),
  };
}

function bodyOf({ headers, bytes, isCut }: EgressAnswer): string {
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") return note(bytes, `compressed with ${encoding.slice(0, 32)}`);
  const [type = "", ...parameters] = (headers["content-type"] ?? "").split(";");
  const mediaType = type.trim().toLowerCase();
  const charset = parameters
    .map((text) => /^\s*charset\s*=\s*"?([^"]*)"?\s*$/i.exec(text)?.[1])
    .find(Boolean);
  const decoder = decoderOf(charset ?? byMark(bytes));
  const isWide = decoder.encoding.startsWith("utf-16");
  if (!isText(mediaType) && (isNamed(mediaType) || (!isWide && bytes.includes(0)))) {
    return note(bytes, mediaType === "" ? "no text" : mediaType.slice(0, 128));
  }
  // Text that was cut may end within a character.
  return decoder.decode(bytes, { stream: isCut });
}

function note(bytes: Uint8Array, what: string): string {
  return bytes.length === 0 ? "" : `[${bytes.length} bytes, ${what}: not shown]`;
}

function isText(mediaType: string): boolean {
  return (
    mediaType.startsWith("text/") ||
    /[/+](json|xml|yaml|javascript|ecmascript|x-ndjson|jsonl|toml|graphql|sql|csv|x-www-form-urlencoded|x-sh)$/.test(
      mediaType,
    )
  );
}

/** Says what it is; other answers are looked at. */
function isNamed(mediaType: string): boolean {
  return mediaType !== "" && mediaType !== "application/octet-stream" && mediaType !== "unknown/unknown";
}

function decoderOf(charset: string | undefined): InstanceType<typeof TextDecoder> {
  try {
    return charset !== undefined && isCharset(charset) ? new TextDecoder(charset) : new TextDecoder();
  } catch {
    return new TextDecoder();
  }
}

/** Of https://encoding.spec.whatwg.org all are taken, and others thrown at; the types know few of them. */
function isCharset(text: string): text is Bun.Encoding {
  return /^[\w.:-]{1,64}$/.test(text);
}

function byMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : undefined;
}
