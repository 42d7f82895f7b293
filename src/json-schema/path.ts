import { isRecord } from "../core/json.ts";

const plainKey = /^[A-Za-z_$][\w$-]{0,63}$/;
const maxPathLength = 256;

/** `steps` as OpenAI writes paths: dots before keys, brackets around positions and keys that are no plain words. */
export function toPath(start: string, steps: readonly (string | number)[]): string {
  let path = start;
  for (const step of steps) {
    if (path.length > maxPathLength) return `${path.slice(0, maxPathLength)}…`;
    if (typeof step === "number") path += `[${step}]`;
    else if (!plainKey.test(step)) path += `[${JSON.stringify(step.slice(0, 64))}]`;
    else path += path === "" ? step : `.${step}`;
  }
  return path;
}

/** A JSON pointer (RFC 6901) as a path. Whatever looks like a position is written as one. */
export function pointerToPath(pointer: string): string {
  return toPath(
    "",
    pointerSteps(pointer).map((step) => (/^\d{1,9}$/.test(step) ? Number(step) : step)),
  );
}

/** The keys of a JSON pointer. */
export function pointerSteps(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The part of `root` to which a reference such as `#/$defs/name` leads (RFC 6901 section 6); undefined if none. */
export function partAt(root: unknown, reference: string): unknown {
  let part = root;
  for (const step of pointerSteps(decoded(reference))) {
    if (Array.isArray(part)) part = part[Number(step)];
    else if (isRecord(part) && Object.hasOwn(part, step)) part = part[step];
    else return undefined;
  }
  return part;
}

function decoded(reference: string): string {
  try {
    return decodeURIComponent(reference.slice(1));
  } catch {
    return reference.slice(1);
  }
}
