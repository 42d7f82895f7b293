import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "../../..");
const compiler = join(root, "node_modules/.bin/tsc");

/** The types that `openapi-typescript` makes of an OpenAPI document, as source text. */
export async function generateClient(document: object): Promise<string> {
  return inScratch(async (directory) => {
    await Bun.write(join(directory, "openapi.json"), JSON.stringify(document));
    const preload = join(import.meta.dir, "typescript-5.ts");
    const generator = join(root, "node_modules/openapi-typescript/bin/cli.js");
    const { exitCode, output } = await run(
      [process.execPath, "--preload", preload, generator, "openapi.json", "-o", "client.ts"],
      directory,
    );
    if (exitCode !== 0) throw new Error(`The client could not be generated:\n${output}`);
    return await Bun.file(join(directory, "client.ts")).text();
  });
}

/** What the compiler says about a program that uses the client; nothing if all is well. */
export async function checkClient(client: string, program: string): Promise<string> {
  return inScratch(async (directory) => {
    const imports = `import type { components, operations, paths } from "./client.ts";\nexport type All = [components, operations, paths];\n`;
    await Bun.write(join(directory, "client.ts"), client);
    await Bun.write(join(directory, "program.ts"), imports + program);
    const flags = [
      "--strict",
      "--exactOptionalPropertyTypes",
      "--noUncheckedIndexedAccess",
      "--noEmit",
      "--ignoreConfig",
    ];
    const modules = [
      "--module",
      "preserve",
      "--target",
      "esnext",
      "--allowImportingTsExtensions",
      "--types",
      "",
    ];
    const { output } = await run([compiler, ...flags, ...modules, "program.ts"], directory);
    return output;
  });
}

async function inScratch<Result>(use: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), "oai-serve-docs-"));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function run(command: string[], cwd: string): Promise<{ exitCode: number; output: string }> {
  const child = Bun.spawn(command, { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, errors, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { exitCode, output: output + errors };
}
