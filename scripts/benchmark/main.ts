import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeError, run } from "./run.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { toPage, toText } from "./report/page.ts";
import type { Results } from "./results.ts";

const root = join(import.meta.dir, "../..");
const page = join(root, "docs/benchmarks.md");

process.exit(await main(process.argv.slice(2)));

/** 0: done. 1: something failed or answered wrongly. 2: the command line is wrong. */
async function main(args: readonly string[]): Promise<number> {
  let options: Options | "help";
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`bench: ${describeError(error)}\n\n${usage}`);
    return 2;
  }
  if (options === "help") {
    process.stdout.write(usage);
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), "oai-serve-bench-"));
  process.once("SIGINT", () => process.exit(1));
  process.once("SIGTERM", () => process.exit(1));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  try {
    const results = await run({
      ...options,
      root,
      directory,
      executable: copyExecutable(options.binary, directory),
    });
    await publish(results, options);
    return 0;
  } catch (error) {
    process.stderr.write(`bench: ${describeError(error)}\n`);
    return 1;
  }
}

function copyExecutable(binary: string, directory: string): string {
  if (!existsSync(binary)) throw new Error(`There is no executable at ${binary}; scripts/build makes one.`);
  const executable = join(directory, "oai-serve");
  copyFileSync(binary, executable);
  chmodSync(executable, 0o755);
  return executable;
}

async function publish(results: Results, { json, write }: Options): Promise<void> {
  process.stdout.write(`\n${toText(results)}`);
  if (json !== undefined) await Bun.write(json, `${JSON.stringify(results, null, 2)}\n`);
  if (write) await Bun.write(page, toPage(await Bun.file(page).text(), results));
}
