import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentWorkloads } from "../../scripts/benchmark/measure/agent-workloads.ts";
import { dialectStream } from "../../scripts/benchmark/measure/dialect-workloads.ts";
import { modelWorkloads } from "../../scripts/benchmark/measure/model-workloads.ts";
import { surfaceWorkloads } from "../../scripts/benchmark/measure/surface-workloads.ts";
import { workloads } from "../../scripts/benchmark/measure/workloads.ts";
import type { Results } from "../../scripts/benchmark/results.ts";
import { dialectSubjects } from "../../scripts/benchmark/subjects/dialects.ts";
import { binary, describeBlackBox } from "../support/prerequisites.ts";

const root = join(import.meta.dir, "../..");

describeBlackBox("scripts/bench --quick", () => {
  test("measures every subject without a wrong answer and prints the targets", async () => {
    const directory = mkdtempSync(join(tmpdir(), "oai-serve-bench-test-"));
    const json = join(directory, "results.json");

    const run = Bun.spawn([join(root, "scripts/bench"), "--quick", "--binary", binary, "--json", json], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const [text, errors, code] = await Promise.all([
      new Response(run.stdout).text(),
      new Response(run.stderr).text(),
      run.exited,
    ]);

    expect(errors).not.toContain("bench: ");
    expect(code).toBe(0);
    const results: Results = JSON.parse(await Bun.file(json).text());
    rmSync(directory, { recursive: true });
    expect(new Set(results.cells.map(({ subject }) => subject))).toEqual(
      new Set(["direct gRPC", "bare Bun.serve", "oai-serve", ...dialectSubjects.map(({ name }) => name)]),
    );
    expect(new Set(results.cells.map(({ workload }) => workload))).toEqual(
      new Set(
        [...workloads, dialectStream, ...modelWorkloads, ...agentWorkloads, ...surfaceWorkloads].map(
          ({ name }) => name,
        ),
      ),
    );
    expect(results.cells.filter(({ answers, seconds }) => answers < 1 || seconds <= 0)).toEqual([]);
    expect(results.sizes.raw).toBeGreaterThan(results.sizes.zstd);
    expect(results.coldStartMs).toHaveLength(3);
    expect(text).toContain("CPU for each streamed token, 64 callers");
  }, 60_000);
});
