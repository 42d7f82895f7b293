import { describe, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { python } from "../prerequisites.ts";

/**
 * `describe` for tests that need the Python environment alone. Without it they are skipped and the reason is printed;
 * when `CI` is set they fail instead.
 */
export function describeLookAlike(name: string, body: () => void): void {
  if (existsSync(join(dirname(python), "../complete"))) {
    describe(name, body);
    return;
  }
  const missing = "no Python environment; run scripts/python-env.";
  if (process.env["CI"] === undefined) {
    process.stderr.write(`Skipping "${name}": ${missing}\n`);
    describe.skip(name, body);
    return;
  }
  test(`${name}: everything it needs is there`, () => {
    throw new Error(missing);
  });
}
