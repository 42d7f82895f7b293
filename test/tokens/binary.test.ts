import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const repository = join(import.meta.dir, "../..");
const main = `
import { createTokenCounter } from "./tokens/counter.ts";
const lines: string[] = [];
const write = (text: string) => void lines.push(text);
const log = { debug: write, info: write, warn: write, error: write, child: () => log };
const counter = createTokenCounter(log);
const counts: (readonly number[])[] = [];
for (const encoding of ["o200k_base", "cl100k_base", "p50k_base", "p50k_edit", "r50k_base"] as const) {
  counts.push((await counter.count(encoding, ["<|endoftext|>", "お誕生日おめでとう"])).counts);
}
const text = await counter.decode("cl100k_base", [9906, 0]);
process.stdout.write(JSON.stringify({ counts, text, lines }));
`;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "token-binary-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("an executable counts without its sources and packages", async () => {
  const binary = await build(folder);

  const child = Bun.spawn([binary], { cwd: folder, stdout: "pipe", stderr: "inherit", env: {} });
  const [output, exitCode] = await Promise.all([child.stdout.text(), child.exited]);

  expect(exitCode).toBe(0);
  expect(JSON.parse(output)).toEqual({
    counts: [
      [7, 8],
      [7, 9],
      [7, 14],
      [7, 14],
      [7, 14],
    ],
    text: "Hello!",
    lines: [],
  });
}, 60_000);

/** Builds from a copy of what is needed, as the release is built, and removes the copy. */
async function build(target: string): Promise<string> {
  const copy = join(target, "copy");
  const packageFolder = "node_modules/tiktoken";
  await mkdir(join(copy, packageFolder), { recursive: true });
  for (const part of ["src/tokens", "src/core", `${packageFolder}/lite`, `${packageFolder}/encoders`]) {
    await cp(join(repository, part), join(copy, part), { recursive: true });
  }
  await cp(join(repository, packageFolder, "package.json"), join(copy, packageFolder, "package.json"));
  await Bun.write(join(copy, "src/main.ts"), main);
  const flags = ["--compile", "--bytecode", "--format=esm", "--minify-whitespace", "--minify-syntax"];
  const entries = ["src/main.ts", "src/tokens/worker.ts"];
  const compiler = Bun.spawn([process.execPath, "build", ...flags, "--outfile=program", ...entries], {
    cwd: copy,
    stdout: "ignore",
    stderr: "inherit",
  });
  expect(await compiler.exited).toBe(0);
  const binary = join(target, "program");
  await rename(join(copy, "program"), binary);
  await rm(copy, { recursive: true });
  return binary;
}
