/** Keys of mappings and numbers of elements, from the root. */
export type Segments = readonly (string | number)[];

/** Segments of a path as an operator reads it: `backends.gpu.endpoint`, `auth.keys[0]`, `models["a/b"].backend`. */
export function keyPath(segments: Segments): string {
  let path = "";
  for (const segment of segments) {
    if (typeof segment === "number") path += `[${segment}]`;
    else if (!/^[A-Za-z0-9_-]+$/.test(segment)) path += `[${JSON.stringify(segment)}]`;
    else path += path === "" ? segment : `.${segment}`;
  }
  return path;
}

/** The segments that `keyPath` made a path of. A key that stands there bare may hold anything but dots and brackets. */
export function parseKeyPath(path: string): Segments {
  return [...path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[]+)/g)].map(([, index, quoted, key]) =>
    index === undefined ? (quoted === undefined ? (key ?? "") : String(JSON.parse(quoted))) : Number(index),
  );
}

/** Segments of a JSON Pointer into `value`: a number where it steps into a list. */
export function pointerSegments(pointer: string, value: unknown): (string | number)[] {
  const segments: (string | number)[] = [];
  let node = value;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(node)) {
      segments.push(Number(key));
      node = node[Number(key)];
    } else {
      segments.push(key);
      node = isMapping(node) && Object.hasOwn(node, key) ? node[key] : undefined;
    }
  }
  return segments;
}

/** Whether a parsed value is a mapping, that is neither a list nor a plain value. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
