const shownNames = 20;

/** `Agent 'x' not found. Available: a, b`, for a name of the configuration or the command line. */
export function notFound(kind: "Agent" | "Tool", name: string, available: Iterable<string>): string {
  const names = [...available];
  const rest = names.length - shownNames;
  const listed = names.slice(0, shownNames).join(", ") || "none";
  return `${kind} '${name}' not found. Available: ${listed}${rest > 0 ? ` and ${rest} more` : ""}`;
}
