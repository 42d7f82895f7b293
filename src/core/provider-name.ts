const otherNames: Readonly<Record<string, string>> = { google: "gemini" };

/** A provider of models as this program calls it, for what others call it. */
export function toProviderName(name: string): string {
  return Object.hasOwn(otherNames, name) ? (otherNames[name] ?? name) : name;
}
