import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnvironmentFile } from "../src/config/environment.ts";
import { environmentNames, settings } from "../src/config/settings.ts";

const scripts = join(import.meta.dir, "../scripts");
const unit = readFileSync(join(scripts, "oai-serve.service"), "utf8");
const analyze = Bun.which("systemd-analyze");

/** Runs systemd-analyze on a copy of the unit whose program exists on this machine. */
function analyzeUnit(...args: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), "oai-serve-unit-"));
  const path = join(directory, "oai-serve.service");
  writeFileSync(path, unit.replaceAll("/usr/local/bin/oai-serve", process.execPath));
  try {
    const { exitCode, stdout, stderr } = Bun.spawnSync([analyze ?? "", ...args, path]);
    return { exitCode, output: stdout.toString() + stderr.toString() };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test.skipIf(analyze === null)("systemd finds nothing wrong with the unit", () => {
  expect(analyzeUnit("verify")).toEqual({ exitCode: 0, output: "" });
});

test.skipIf(analyze === null)("the unit's exposure stays below 2 of 10", () => {
  const { exitCode, output } = analyzeUnit("security", "--offline=true", "--no-pager", "--threshold=20");

  expect(output).toMatch(/Overall exposure level .*: [01]\.\d OK/);
  expect(exitCode).toBe(0);
});

test("the unit stops later than the program's own delay and grace", () => {
  const seconds = Number(/^TimeoutStopSec=(\d+)s$/m.exec(unit)?.[1]);

  expect(unit).toContain("--shutdown-delay 2s");
  expect(seconds).toBeGreaterThan(2 + 30 + 4);
});

test("the unit reloads by the signal that reloads", () => {
  expect(unit).toContain("\nExecReload=/bin/kill -HUP $MAINPID\n");
});

test("the example environment names only known variables", () => {
  const example = readFileSync(join(scripts, "oai-serve.env.example"), "utf8").replaceAll(/^#(?=OAI_)/gm, "");
  const known = new Set(settings.flatMap(environmentNames));

  const names = Object.keys(parseEnvironmentFile(example, "oai-serve.env.example"));

  expect(names.length).toBeGreaterThan(4);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});
