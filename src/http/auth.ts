import { createHash, timingSafeEqual } from "node:crypto";
import { ServeError } from "../core/error.ts";

/**
 * Throws `unauthenticated` unless the request carries one of the configured keys. Gives a name for the key, the same at
 * every start, from which the key cannot be told; none where no keys are configured.
 */
export type Authenticate = (headers: Headers) => string | undefined;

/** Keys are kept as digests; every request is compared with all of them in constant time. No keys: anyone. */
export function createAuthenticate(keys: readonly string[]): Authenticate {
  const digests = keys.map(digest);
  return (headers) => {
    if (digests.length === 0) return undefined;
    const key = presentedKey(headers);
    if (key === "") {
      throw new ServeError(
        "unauthenticated",
        "An API key is required: send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'.",
        {
          code: "invalid_api_key",
        },
      );
    }
    const presented = digest(key);
    let known = false;
    for (const expected of digests) known = timingSafeEqual(presented, expected) || known;
    if (!known) {
      throw new ServeError("unauthenticated", `The API key ${masked(key)} is not valid.`, {
        code: "invalid_api_key",
      });
    }
    return ownerOf(key);
  };
}

/** Whether a name is that of one of the keys; the empty one where there are none. */
export function createIsOwner(keys: readonly string[]): (owner: string) => boolean {
  const owners = new Set(keys.length === 0 ? [""] : keys.map(ownerOf));
  return (owner) => owners.has(owner);
}

function ownerOf(key: string): string {
  return digest(`owner:${key}`).toString("hex").slice(0, 16);
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

function presentedKey(headers: Headers): string {
  const bearer = /^bearer\s+(.+)$/i.exec(headers.get("authorization") ?? "");
  return (bearer?.[1] ?? headers.get("api-key") ?? headers.get("x-api-key") ?? "").trim();
}

function masked(key: string): string {
  return key.length < 12 ? "given" : `ending in '${key.slice(-4).replaceAll(/[^\w-]/g, "*")}'`;
}
