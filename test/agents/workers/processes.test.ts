import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createAgentWorkers } from "../../../src/agents/workers/create-agent-workers.ts";
import { ConfigError, ServeError } from "../../../src/core/error.ts";
import { childLines } from "../../support/child-lines.ts";
import { failureOf } from "../../support/failure.ts";
import { createFolder } from "../load/folder.ts";
import { quiet } from "../load/quiet.ts";
import { command, piecesOf, startBed, textOf } from "./bed.ts";

const pid = "() => String(process.pid)";
/** Hears of its end, and then never gives the event loop back. */
const hang = `async function* ({ signal }) {
  signal.addEventListener("abort", () => { for (;;); });
  yield String(process.pid);
  await new Promise(() => {});
}`;
/** Says who runs it, and never gives the event loop back. */
const block =
  "async function* () { yield String(process.pid); setTimeout(() => { for (;;); }, 1); await new Promise(() => {}); }";

describe("files", () => {
  test("give their agents, described", async () => {
    await using folder = await createFolder({
      "a.ts": `import { createRegistry, defineAgent } from "oai-serve";
        const one = defineAgent({ name: "one", description: "First", model: "m", tools: ["calculator"], agents: ["two"] });
        export default createRegistry().register("one", one, { default: true }).register("two", () => 2, { private: true });`,
    });

    const workers = await createAgentWorkers({ count: 2, files: [folder.path], command, log: quiet });
    await workers.close();

    expect(workers.modules).toEqual([folder.at("a.ts")]);
    expect(workers.agents).toMatchObject([
      {
        id: "one",
        isDefault: true,
        isPrivate: false,
        file: folder.at("a.ts"),
        agent: { name: "one", description: "First", model: "m", namedTools: ["calculator"], agents: ["two"] },
      },
      { id: "two", isDefault: false, isPrivate: true },
    ]);
  });

  for (const [what, text, problem] of [
    ["that cannot be loaded", "const {{", ":1:"],
    ["that end the process", "process.exit(3);", "may not end the process"],
    ["that kill the process", "process.kill(process.pid, 'SIGKILL');", "signal SIGKILL"],
  ] as const) {
    test(`${what} are a mistake of the configuration`, async () => {
      await using folder = await createFolder({ "a.ts": text });

      const failure = await failureOf(
        createAgentWorkers({ count: 2, files: [folder.path], command, log: quiet }),
      );

      expect(failure).toBeInstanceOf(ConfigError);
      expect(failure).toHaveProperty("message", expect.stringContaining(problem));
    });
  }
});

test("files that never give the event loop back are named", async () => {
  await using folder = await createFolder({
    "a.ts":
      'import { defineAgent } from "oai-serve"; export default defineAgent({ name: "a", run: () => 1 });',
    "b.ts": "for (;;);",
    "c.ts":
      'import { defineAgent } from "oai-serve"; export default defineAgent({ name: "c", run: () => 1 });',
  });

  const failure = await failureOf(
    createAgentWorkers({ count: 1, files: [folder.path], command, log: quiet, loadMs: 1_500 }),
  );

  expect(failure).toBeInstanceOf(ConfigError);
  expect(failure).toHaveProperty("message", `${folder.at("b.ts")}: it was not loaded within 1.5 s.`);
});

describe("a process", () => {
  test("that ends takes its runs with it and is started again", async () => {
    await using bed = await startBed({
      exit: "() => process.exit(7)",
      pid,
      wait: "() => new Promise(() => {})",
    });
    const before = await textOf(bed.ask("pid"));

    const failures = await Promise.all(["wait", "exit"].map((id) => failureOf(piecesOf(bed.ask(id)))));
    const after = await textOf(bed.ask("pid"));

    const lost = { kind: "internal", code: "agent_worker_lost", shouldRetry: false };
    expect(failures).toMatchObject([lost, lost]);
    expect(after).not.toBe(before);
    expect(bed.log.lines[0]).toEqual({
      text: "✗ A process for agents ended and is started again",
      fields: { how: "exit code 7" },
    });
  });

  test("that hangs in a cancelled run is killed and started again", async () => {
    await using bed = await startBed({ hang, pid }, { hangMs: 100 });
    const controller = new AbortController();
    const iterator = (await bed.ask("hang", { signal: controller.signal }))[Symbol.asyncIterator]();
    const before = String((await iterator.next()).value);

    controller.abort(new ServeError("canceled", "Gone."));
    const canceled = await failureOf(iterator.next());
    const lost = await failureOf(piecesOf(bed.ask("pid")));
    const after = await textOf(bed.ask("pid"));

    expect(canceled).toMatchObject({ kind: "canceled" });
    expect(lost).toMatchObject({ code: "agent_worker_lost" });
    expect(after).not.toBe(before);
    expect(bed.log.lines[0]).toMatchObject({
      text: "✗ A process for agents is killed: it did not end a run that was cancelled",
      fields: { agent: "hang", process: Number(before) },
    });
  });

  test("whose event loop is blocked is told, and new runs go to others", async () => {
    const wait = "async function* () { yield 'x'; await new Promise(() => {}); }";
    await using bed = await startBed({ block, wait, pid }, { count: 2, pingMs: 10, hangMs: 100 });
    const controller = new AbortController();
    const { signal } = controller;
    const blocked = (await bed.ask("block", { signal }))[Symbol.asyncIterator]();
    const blockedPid = String((await blocked.next()).value);
    await bed.log.until("is blocked");
    // Now the other one has more to do.
    const waiting = await Promise.all([bed.ask("wait", { signal }), bed.ask("wait", { signal })]);
    await Promise.all(waiting.map((stream) => stream[Symbol.asyncIterator]().next()));

    const freePid = await textOf(bed.ask("pid"));

    expect(freePid).not.toBe(blockedPid);
    expect(bed.log.lines[0]).toEqual({
      text: "⚠ The event loop of a process for agents is blocked",
      fields: { agents: "block", process: Number(blockedPid) },
    });
    controller.abort();
  });

  test("shares the runs with the others", async () => {
    await using bed = await startBed(
      { pid: "async function* () { yield String(process.pid); await new Promise(() => {}); }" },
      { count: 2 },
    );

    const streams = await Promise.all(Array.from({ length: 4 }, () => bed.ask("pid")));
    const first = await Promise.all(streams.map((stream) => stream[Symbol.asyncIterator]().next()));

    const byProcess = Map.groupBy(first, ({ value }) => String(value));
    expect([...byProcess.values()].map((runs) => runs.length)).toEqual([2, 2]);
  });

  test("is not ended by what a terminal sends to the server", async () => {
    await using bed = await startBed({ pid });
    const before = Number(await textOf(bed.ask("pid")));

    process.kill(before, "SIGINT");
    process.kill(before, "SIGTERM");

    expect(await textOf(bed.ask("pid"))).toBe(String(before));
  });
});

describe("closing", () => {
  test("ends the processes, also one whose event loop is blocked", async () => {
    await using bed = await startBed({ block, pid }, { count: 2, pingMs: 10 });
    const blocked = (await bed.ask("block"))[Symbol.asyncIterator]();
    const pids = [String((await blocked.next()).value), await textOf(bed.ask("pid"))];
    await bed.log.until("is blocked");

    await bed.workers.close();

    expect(pids.map(isAlive)).toEqual([false, false]);
    expect(await failureOf(blocked.next())).toMatchObject({ code: "agent_worker_lost" });
    expect(await failureOf(piecesOf(bed.ask("pid")))).toMatchObject({ kind: "unavailable" });
  });
});

describe("the server's death", () => {
  for (const [what, run] of [
    ["an idle process", pid],
    ["a process whose event loop is blocked", block],
  ] as const) {
    test(`ends ${what}`, async () => {
      await using folder = await createFolder({ "it.ts": `export default ${run};` });
      await using server = Bun.spawn([process.execPath, join(import.meta.dir, "server.ts"), folder.path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const lines = childLines(server.stdout);
      const { value: child } = await lines.next();
      const wasAlive = isAlive(String(child));

      server.kill("SIGKILL");

      // Its standard output is the server's, and ends with the last that has it.
      expect(wasAlive).toBe(true);
      expect(await lines.next()).toEqual({ done: true, value: undefined });
    });
  }
});

function isAlive(id: string): boolean {
  try {
    process.kill(Number(id), 0);
    return true;
  } catch {
    return false;
  }
}
