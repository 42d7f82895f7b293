/**
 * `bun scripts/client-matrix.ts FOLDER [--write]`: compares the table of docs/clients.md with the results of a whole
 * run of the tests in FOLDER, or writes it. Exits with 1 where they differ.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readResults } from "../test/support/client-matrix/results.ts";
import { renderTable } from "../test/support/client-matrix/table.ts";

const page = join(import.meta.dir, "../docs/clients.md");
const marks = /(?<=<!-- clients: [^\n]*-->\n)[^]*(?=<!-- end of clients -->)/;

const [folder = "", option] = process.argv.slice(2);
const results = readResults(folder);
const text = readFileSync(page, "utf8");
const wanted = text.replace(marks, () => `\n${renderTable(results)}\n`);
const isSkipped = results.some(({ outcome }) => outcome === "declared");

if (isSkipped) {
  say("Some tests of clients were skipped: docs/clients.md is not compared.");
} else if (option === "--write") {
  writeFileSync(page, wanted);
} else if (text !== wanted) {
  say(`docs/clients.md is not what the tests have shown. To refresh it:
  bun scripts/client-matrix.ts ${folder} --write`);
  process.exitCode = 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
