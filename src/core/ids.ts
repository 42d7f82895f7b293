const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** `prefix` and `length` random letters and digits, in the form of OpenAI's ids (`chatcmpl-…`, `call_…`). */
export function createId(prefix: string, length: number): string {
  // 62 does not divide 256: bytes past the last whole multiple are drawn again, so that no letter is likelier.
  let text = prefix;
  while (text.length < prefix.length + length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length + 8))) {
      if (byte < 248 && text.length < prefix.length + length) text += alphabet.charAt(byte % 62);
    }
  }
  return text;
}

/** `prefix` and `length` random hexadecimal digits, in the form of OpenAI's newer ids (`resp_…`, `msg_…`). */
export function createHexId(prefix: string, length: number): string {
  return prefix + Buffer.from(crypto.getRandomValues(new Uint8Array(length / 2))).toString("hex");
}

/** `req_` and 32 hexadecimal digits. */
export function createRequestId(): string {
  return `req_${crypto.randomUUID().replaceAll("-", "")}`;
}

/** Short name of a request in the log: the first digits of its id. */
export function sessionOf(requestId: string): string {
  return requestId.replace(/^req_/, "").slice(0, 8);
}
