import { describe, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

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
  describeWith(missingPython() ?? missingBinary(), name, body);
}

/** The same for tests that also need folders of `.venv` with packages, such as `langchain-1`. */
export function describePackages(folders: readonly string[], name: string, body: () => void): void {
  describeWith(missingPackages(folders) ?? missingBinary(), name, body);
}

/** The same for tests that need the Python environment alone. */
export function describePython(name: string, body: () => void): void {
  describeWith(missingPython(), name, body);
}

/** The same for tests that need PostgreSQL's server alone. */
export function describePostgres(name: string, body: () => void): void {
  describeWith(missingPostgres(), name, body);
}

/** The same for tests that need what `describeBlackBox` does, and PostgreSQL's server too. */
export function describePostgresBlackBox(name: string, body: () => void): void {
  describeWith(missingPostgres() ?? missingPython() ?? missingBinary(), name, body);
}

/** The folder of its programs, where `scripts/postgres` finds it. */
export function findPostgres(): string | undefined {
  const installed = [
    ...new Bun.Glob("{lib/postgresql/*,pgsql-*}/bin/initdb").scanSync({ cwd: "/usr", absolute: true }),
  ];
  const found = Bun.which("initdb") ?? installed.toSorted().at(-1);
  return found === undefined ? undefined : dirname(found);
}

function describeWith(missing: string | undefined, name: string, body: () => void): void {
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

function missingPython(): string | undefined {
  const isThere = existsSync(join(root, ".venv/complete"));
  return isThere ? undefined : "no Python environment; run scripts/python-env.";
}

function missingPostgres(): string | undefined {
  return findPostgres() === undefined ? "no PostgreSQL; run scripts/postgres." : undefined;
}

function missingPackages(folders: readonly string[]): string | undefined {
  const missing = folders.find((folder) => !existsSync(join(root, ".venv", folder, "complete")));
  return missing === undefined ? missingPython() : `no ${missing} in .venv; run scripts/python-env.`;
}

function missingBinary(): string | undefined {
  return existsSync(binary)
    ? undefined
    : `no executable at ${binary}; run scripts/build or set OAI_SERVE_BINARY.`;
}
