import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { python } from "../../support/prerequisites.ts";

const root = join(import.meta.dir, "../../..");

export type SeedName = "weave" | "camel" | "thinkagain" | "cortex-flow";

/** A part of a seed document, as it is printed there. */
export function readSnippet(seed: SeedName, name: string): string {
  return readFileSync(join(root, "test/fixtures/seeds", seed, name), "utf8");
}

/** A file of `examples/`. */
export function readExample(name: string): string {
  return readFileSync(join(root, "examples", name), "utf8");
}

export interface SnippetEnd {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a curl command as it is printed, but for the port if the server has another. */
export function runShell(snippet: string, port: number): Promise<SnippetEnd> {
  return run(["sh", "-c", onPort(snippet, port)], {});
}

/** The same for Python. `packages` is the folder in `.venv` whose packages it finds. */
export function runPython(snippet: string, port: number, packages: string): Promise<SnippetEnd> {
  return run([python, "-c", onPort(snippet, port)], {
    PYTHONPATH: join(root, ".venv", packages),
    PYTHONDONTWRITEBYTECODE: "1",
  });
}

/** The same for JavaScript; `packageName` is what it gets as `openai`. */
export async function runJavaScript(snippet: string, port: number, packageName: string): Promise<SnippetEnd> {
  const directory = mkdtempSync(join(tmpdir(), "oai-serve-test-"));
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(join(root, "node_modules", packageName), join(directory, "node_modules/openai"));
  writeFileSync(join(directory, "snippet.mjs"), onPort(snippet, port));
  try {
    return await run([process.execPath, join(directory, "snippet.mjs")], {});
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The output of a snippet that ended well. */
export async function outputOf(end: Promise<SnippetEnd>): Promise<string> {
  const { code, stdout, stderr } = await end;
  if (code !== 0) throw new Error(`The snippet ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** The documents' addresses are all on localhost, each with its own port. */
function onPort(snippet: string, port: number): string {
  return snippet.replaceAll(/(?<=\/\/localhost:)\d+/g, String(port));
}

async function run(command: string[], environment: Readonly<Record<string, string>>): Promise<SnippetEnd> {
  const child = Bun.spawn(command, {
    cwd: tmpdir(),
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}
