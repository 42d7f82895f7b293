import { describe, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** The interpreter that `scripts/python-env` makes. */
export const python = join(root, ".venv/bin/python");

/** The executable under test: `OAI_SERVE_BINARY`, else what `scripts/build` makes. */
export const binary = process.env["OAI_SERVE_BINARY"] ?? join(root, "dist/oai-serve");

/**
 * `describe` for tests that need the compiled binary and the Python environment. Without them the tests are
 * skipped and the reason is printed; when `CI` is set they fail instead.
 */
export function describeBlackBox(name: string, body: () => void): void {
  const missing = missingPrerequisite();
  if (missing === undefined) {
    describe(name, body);
  } else if (process.env["CI"] === undefined) {
    process.stderr.write(`Skipping "${name}": ${missing}\n`);
    describe.skip(name, body);
  } else {
    test(`${name}: everything it needs is there`, () => {
      throw new Error(missing);
    });
  }
}

function missingPrerequisite(): string | undefined {
  if (!existsSync(join(root, ".venv/complete"))) return "no Python environment; run scripts/python-env.";
  if (!existsSync(binary)) return `no executable at ${binary}; run scripts/build or set OAI_SERVE_BINARY.`;
  return undefined;
}
