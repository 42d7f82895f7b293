import { createId } from "../../core/ids.ts";

const prefix = "call_";
const randomLength = 12;
const sealLength = 12;
/** Of this process: ids of another are as good as a model's. */
const secret = crypto.getRandomValues(new Uint8Array(32));

/**
 * Id for a call of a client's tool. Those of models are often counted (`functions.search:1`), so that two clients get
 * the same; this one nobody gets again, and nobody can guess.
 */
export function createCallId(): string {
  const random = createId(prefix, randomLength);
  return random + sealOf(random);
}

/** Whether it was made here: an agent above can leave the id of an agent below as it is. */
export function isOwnCallId(id: string): boolean {
  const random = id.slice(0, prefix.length + randomLength);
  return id.length === random.length + sealLength && id === random + sealOf(random);
}

function sealOf(random: string): string {
  return new Bun.CryptoHasher("sha256", secret).update(random).digest("hex").slice(0, sealLength);
}
