import { expect } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ServeError, errorKinds, type ErrorKind } from "../../src/core/error.ts";
import type { EventBatch } from "../../src/core/generation.ts";

const separator = "----------";
const directory = join(import.meta.dir, "../golden");

/** A case in a file: options on the first line, then a batch of events on each, then what must come out of it. */
export interface GoldenCase<Options> {
  name: string;
  options: Options;
  /** The batches; a last line `{"fail": kind, ...}` in the file throws that failure after them. */
  batches: () => AsyncIterable<EventBatch>;
}

interface Failure {
  fail: ErrorKind;
  message: string;
  code?: string;
}

/** All cases of `test/golden/FOLDER`. */
export function goldenCases<Options>(folder: string): GoldenCase<Options>[] {
  const files = readdirSync(join(directory, folder)).filter((name) => name.endsWith(".golden"));
  if (files.length === 0) throw new Error(`There are no golden files in ${folder}.`);
  return files.toSorted().map((file) => {
    const [first = "{}", ...lines] = inputOf(folder, file).split("\n");
    return {
      name: `${folder}/${file.replace(".golden", "")}`,
      options: JSON.parse(first),
      batches: () => play(lines.map((line) => JSON.parse(line))),
    };
  });
}

/** Compares with what stands under the case's input; `UPDATE_GOLDEN=1` writes it instead. */
export function expectGolden(name: string, output: string): void {
  const [folder = "", file = ""] = name.split("/");
  const path = join(directory, folder, `${file}.golden`);
  const whole = `${inputOf(folder, `${file}.golden`)}\n${separator}\n${output}`;
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, whole);
  else expect(readFileSync(path, "utf8")).toBe(whole);
}

function inputOf(folder: string, file: string): string {
  const [input = ""] = readFileSync(join(directory, folder, file), "utf8").split(`\n${separator}`);
  return input.trimEnd();
}

async function* play(lines: readonly (EventBatch | Failure)[]): AsyncGenerator<EventBatch> {
  for (const line of lines) {
    if ("fail" in line) throw toError(line);
    yield line;
  }
}

function toError({ fail, message, code }: Failure): ServeError {
  if (!(fail in errorKinds)) throw new Error(`There is no kind of error '${fail}'.`);
  return new ServeError(fail, message, code === undefined ? {} : { code });
}
