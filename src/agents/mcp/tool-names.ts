const longest = 64;

/**
 * Name under which models are offered a tool of `server`: `server__tool`, in letters, digits, underscores and dashes, at
 * most 64. One that has to be changed for that ends with a hash of the original, so that it is no other tool's.
 */
export function toToolName(server: string, tool: string): string {
  const plain = `${server}__${tool}`;
  if (/^[\w-]+$/.test(plain) && plain.length <= longest) return plain;
  const hash = new Bun.CryptoHasher("sha256").update(tool).digest("hex").slice(0, 8);
  return `${plain.replaceAll(/[^\w-]/g, "_").slice(0, longest - 9)}_${hash}`;
}
