import { describe, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { serverPython } from "./servers.ts";
import type { ServerKind } from "./servers.ts";

/**
 * `describe` for tests of a real server. Without its environment they are skipped and the reason is printed; when
 * `CI` is set they fail instead.
 */
export function describeServer(kind: ServerKind, name: string, body: () => void): void {
  if (existsSync(join(dirname(serverPython(kind)), "../complete"))) {
    describe(name, body);
    return;
  }
  const missing = `${kind} is not installed; run scripts/python-env.`;
  if (process.env["CI"] === undefined) {
    process.stderr.write(`Skipping "${name}": ${missing}\n`);
    describe.skip(name, body);
    return;
  }
  test(`${name}: everything it needs is there`, () => {
    throw new Error(missing);
  });
}
