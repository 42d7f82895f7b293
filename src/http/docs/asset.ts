import { promisify } from "node:util";
import { gzip } from "node:zlib";

export interface AssetSource {
  contentType: string;
  /** Gives the same content each time. */
  read(): Promise<string | Uint8Array>;
  /** Content security policy, for a page. */
  policy?: string;
}

export interface Asset {
  /** 200 with the content, compressed if the client takes that, or 304 if it has it already. */
  respond(request: Request): Promise<Response>;
}

interface Prepared {
  etag: string;
  plain: Uint8Array<ArrayBuffer>;
  packed: Uint8Array<ArrayBuffer>;
}

const compress = promisify(gzip);

/** A file that never changes while the server runs. Read and compressed at its first request, then kept. */
export function createAsset(source: AssetSource): Asset {
  let prepared: Promise<Prepared> | undefined;
  return {
    async respond(request) {
      prepared ??= prepare(source);
      const { etag, plain, packed } = await prepared;
      const headers = new Headers({
        "content-type": source.contentType,
        // The name of a file does not tell its version, so that browsers have to ask.
        "cache-control": "no-cache",
        etag,
        vary: "accept-encoding",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "x-frame-options": "DENY",
      });
      if (source.policy !== undefined) headers.set("content-security-policy", source.policy);
      if (hasVersion(request, etag)) return new Response(null, { status: 304, headers });
      if (!takesGzip(request)) return new Response(plain, { headers });
      headers.set("content-encoding", "gzip");
      return new Response(packed, { headers });
    },
  };
}

async function prepare(source: AssetSource): Promise<Prepared> {
  const plain = new Uint8Array(Buffer.from(await source.read()));
  // Weak, because both encodings share it.
  return {
    etag: `W/"${Bun.hash(plain).toString(36)}"`,
    plain,
    packed: new Uint8Array(await compress(plain)),
  };
}

function hasVersion(request: Request, etag: string): boolean {
  const known = request.headers.get("if-none-match") ?? "";
  return known.split(",").some((tag) => tag.trim() === etag);
}

function takesGzip(request: Request): boolean {
  return /(^|,)\s*gzip\s*(;\s*q=(1|0?\.\d*[1-9])[\d.]*\s*)?(,|$)/i.test(
    request.headers.get("accept-encoding") ?? "",
  );
}
