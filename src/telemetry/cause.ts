const maxCauses = 5;

/**
 * An error and what led to it in one line, `TypeError: a, because Error: b`; undefined when there is none. For the
 * operator only: it may name addresses and repeat a backend's words.
 */
export function describeCause(thrown: unknown): string | undefined {
  const parts: string[] = [];
  let current = thrown;
  while (current !== undefined && current !== null && parts.length < maxCauses) {
    parts.push(current instanceof Error ? nameAndMessage(current) : typeof current);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.length === 0 ? undefined : parts.join(", because ");
}

function nameAndMessage(error: Error): string {
  const code: unknown = "code" in error ? error.code : undefined;
  const shown = typeof code === "string" || typeof code === "number" ? ` (${code})` : "";
  return `${error.name}${shown}: ${error.message}`;
}
