/** A valid text of a format of JSON Schema, another one for each index; undefined for an unknown format. */
export function textByFormat(format: string, index: number): string | undefined {
  return Object.hasOwn(formats, format) ? formats[format]?.(index) : undefined;
}

/**
 * A text for a property called `name`: an example out of its description ("…, e.g. Paris"), else an everyday
 * value of that name, else "example"; repeated or cut to the lengths, which count code points.
 */
export function textFor(name: string, description: unknown, limits: TextLimits): string {
  const base = exampleIn(description) ?? everyday(name) ?? "example";
  const numbered = limits.index === 0 ? base : `${base} ${limits.index + 1}`;
  const count = countCharacters(numbered);
  // The number first where the end is cut, so that texts at different positions still differ.
  if (count > limits.maxLength) {
    return cut(limits.index === 0 ? base : `${limits.index + 1}${base}`, limits.maxLength);
  }
  if (count >= limits.minLength) return numbered;
  return cut(`${numbered} `.repeat(Math.ceil(limits.minLength / count)), limits.minLength);
}

export interface TextLimits {
  minLength: number;
  maxLength: number;
  index: number;
}

function countCharacters(text: string): number {
  return Array.from(text).length;
}

function cut(text: string, characters: number): string {
  return Array.from(text).slice(0, characters).join("");
}

function exampleIn(description: unknown): string | undefined {
  if (typeof description !== "string") return undefined;
  const start = description.indexOf("e.g.");
  if (start === -1) return undefined;
  const rest = description.slice(start + 4, start + 64).replace(/^[\s,:"'`“]+/, "");
  const end = rest.search(/["'`”;()\n]|\.(?:\s|$)| or /);
  const example = (end === -1 ? rest : rest.slice(0, end)).trim();
  return example === "" || (end === -1 && rest.length > 40) ? undefined : example;
}

function everyday(name: string): string | undefined {
  // "departureCity", "departure_city" and "city" are all cities.
  const words = name
    .slice(0, 100)
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);
  for (let start = 0; start < words.length; start++) {
    const text = texts.get(words.slice(start).join(""));
    if (text !== undefined) return text;
  }
  return undefined;
}

const texts = new Map([
  ["address", "1 Example Street, Paris"],
  ["author", "Ada Lovelace"],
  ["body", "Hello from the demo model."],
  ["category", "general"],
  ["city", "Paris"],
  ["code", "print(6 * 7)"],
  ["color", "blue"],
  ["command", "echo hello"],
  ["company", "Example Ltd"],
  ["content", "Hello from the demo model."],
  ["country", "France"],
  ["currency", "EUR"],
  ["date", "2025-01-15"],
  ["email", "ada@example.com"],
  ["explanation", "Because the demo model says so."],
  ["expression", "6 * 7"],
  ["filename", "example.txt"],
  ["firstname", "Ada"],
  ["id", "example-1"],
  ["language", "en"],
  ["lastname", "Lovelace"],
  ["location", "Paris, France"],
  ["message", "Hello from the demo model."],
  ["name", "Ada Lovelace"],
  ["path", "example.txt"],
  ["phone", "+33 1 23 45 67 89"],
  ["query", "weather in Paris"],
  ["question", "What is the weather in Paris?"],
  ["reason", "Because the demo model says so."],
  ["state", "California"],
  ["subject", "Hello"],
  ["summary", "An example from the demo model."],
  ["text", "Hello from the demo model."],
  ["time", "09:30"],
  ["timezone", "Europe/Paris"],
  ["title", "An example"],
  ["unit", "celsius"],
  ["url", "https://example.com/"],
  ["username", "ada"],
]);

const twoDigits = (index: number) => String(index % 60).padStart(2, "0");
const suffix = (index: number) => (index === 0 ? "" : String(index + 1));

const formats: Readonly<Record<string, (index: number) => string>> = {
  "date-time": (index) => `2025-01-15T09:30:${twoDigits(index)}Z`,
  date: (index) => `${2025 + index}-01-15`,
  time: (index) => `09:30:${twoDigits(index)}Z`,
  duration: (index) => `PT${index + 1}H`,
  email: (index) => `ada${suffix(index)}@example.com`,
  "idn-email": (index) => `ada${suffix(index)}@example.com`,
  hostname: (index) => `www${suffix(index)}.example.com`,
  "idn-hostname": (index) => `www${suffix(index)}.example.com`,
  ipv4: (index) => `192.0.2.${(index % 254) + 1}`,
  ipv6: (index) => `2001:db8::${(index + 1).toString(16)}`,
  uri: (index) => `https://example.com/${suffix(index)}`,
  "uri-reference": (index) => `https://example.com/${suffix(index)}`,
  iri: (index) => `https://example.com/${suffix(index)}`,
  "iri-reference": (index) => `https://example.com/${suffix(index)}`,
  "uri-template": (index) => `https://example.com/${suffix(index)}{id}`,
  uuid: (index) => `3fa85f64-5717-4562-b3fc-${(index + 1).toString(16).padStart(12, "0")}`,
  "json-pointer": (index) => `/items/${index}`,
  "relative-json-pointer": (index) => `${index}/items`,
  regex: (index) => `^example${suffix(index)}$`,
};
