const longest = 64;

/**
 * `name` as models take names of tools: letters, digits, underscores and dashes, at most 64. One that has to be changed
 * for that ends with a hash of the original, so that it is no other's.
 */
export function toSafeName(name: string): string {
  if (/^[\w-]+$/.test(name) && name.length <= longest) return name;
  const hash = new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.replaceAll(/[^\w-]/g, "_").slice(0, longest - 9)}_${hash}`;
}
