import { describe, expect, test } from "bun:test";
import { rejection } from "../../support/rejection.ts";
import { mcpBed, stdioServer } from "./support.ts";

const never = new AbortController().signal;

process.env["MCP_TEST_CANARY"] = "canary-secret";

describe("An MCP server that is a process", () => {
  const { table, log, call } = mcpBed({
    files: { ...stdioServer, env: { OWN: "given" }, timeout: "10s" },
  });
  const slow = mcpBed({ files: { ...stdioServer, timeout: "300ms" } });

  test("offers all pages of its tools under names that are its own", async () => {
    const tools = await table.resolve("files", never);

    expect(tools.length).toBeGreaterThan(10);
    expect(tools[0]).toMatchObject({
      name: "files__add",
      description: "Adds two numbers.",
      parameters: { type: "object", required: ["a", "b"] },
    });
    for (const { name } of tools) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  });

  test("offers one tool that is named with it", async () => {
    expect((await table.resolve("files.add", never)).map(({ name }) => name)).toEqual(["files__add"]);
  });

  test("has no tool that it does not list", async () => {
    expect(await rejection(table.resolve("files.subtract", never))).toMatchObject({
      code: "tool_not_found",
      message: "'files' has no tool 'subtract'.",
    });
  });

  test("is told arguments in words that cannot be checked here", async () => {
    const [tool] = await table.resolve("files.look.ahead", never);

    expect(tool?.parameters).toEqual({ type: "object" });
    expect(tool?.description).toContain('"pattern":"a(?=b)"');
  });

  test("runs calls, many at once over one process", async () => {
    const sums = await Promise.all(Array.from({ length: 50 }, (_, a) => call("files.add", { a, b: 1 })));
    const processes = await Promise.all(Array.from({ length: 5 }, () => call("files.process")));

    expect(sums).toEqual(Array.from({ length: 50 }, (_, a) => String(a + 1)));
    expect(new Set(processes).size).toBe(1);
  });

  for (const [name, problem] of [
    ["fail", "Error: The disk is full."],
    ["refuse", "ProtocolError: No such tool: refuse"],
  ] as const) {
    test(`tells what went wrong in '${name}'`, async () => {
      expect(String(await rejection(call(`files.${name}`)))).toBe(problem);
    });
  }

  test("gets no variables but its own and harmless ones", async () => {
    const variables = String(await call("files.environment"));

    expect(JSON.parse(variables)).toMatchObject({ OWN: "given", PATH: process.env["PATH"] });
    expect(variables).not.toContain("canary-secret");
  });

  test("is told when a call takes too long", async () => {
    const error = await rejection(slow.call("files.hang"));

    expect(String(error)).toBe("Error: No answer within 0.3 s.");
    expect(await slow.call("files.cancelled")).toBe("1");
  });

  test("is told when nobody waits for a call any more", async () => {
    const before = Number(await call("files.cancelled"));
    const controller = new AbortController();
    const pending = call("files.hang", {}, controller.signal);
    // The server says so once the call has reached it.
    while (!log.lines.includes("debug hanging")) await new Promise((resolve) => setImmediate(resolve));

    controller.abort(new Error("left"));

    expect(String(await rejection(pending))).toBe("Error: left");
    expect(await call("files.cancelled")).toBe(String(before + 1));
  });

  test("is asked again for its tools once it said that they are others", async () => {
    await call("files.grow");

    const [tool] = await table.resolve("files.grown", never);
    expect(tool?.name).toBe("files__grown");
  });

  test("is started again after it died, which fails the call that it died in", async () => {
    const first = await call("files.process");
    const error = await rejection(call("files.exit"));
    const second = await call("files.process");

    expect(error).toMatchObject({ kind: "unavailable", code: "tool_server_unavailable" });
    expect(second).not.toBe(first);
    expect(log.lines).toContain("warn The connection to an MCP server has ended");
  });

  test("has what it says on its error output in the log", () => {
    expect(log.lines).toContain("debug started");
  });
});

describe("An MCP server that cannot be started", () => {
  for (const [what, command] of [
    ["is not there", "/does/not/exist"],
    ["ends at once", "false"],
  ] as const) {
    test(`fails those who ask, where the program ${what}, and says nothing of it to them`, async () => {
      const { table, log } = mcpBed({ broken: { command } });

      const errors = await Promise.all([
        rejection(table.resolve("broken", never)),
        rejection(table.resolve("broken.add", never)),
      ]);
      await table.close();

      for (const error of errors) {
        expect(error).toMatchObject({
          kind: "unavailable",
          code: "tool_server_unavailable",
          message: "The tools of 'broken' cannot be reached.",
        });
      }
      expect(log.lines.filter((line) => line === "warn An MCP server cannot be reached").length).toBe(1);
    });
  }

  test("does not hold up one who gives up", async () => {
    const { table } = mcpBed({ mute: { command: "sleep", args: ["60"] } });
    const controller = new AbortController();
    const pending = rejection(table.resolve("mute", controller.signal));

    controller.abort(new Error("left"));

    expect(String(await pending)).toBe("Error: left");
  });
});

test("The process ends when its table is closed", async () => {
  const { table, call } = mcpBed({ files: stdioServer });
  const id = Number(await call("files.process"));

  await table.close();

  expect(() => process.kill(id, 0)).toThrow(/ESRCH/);
  expect(await rejection(table.resolve("files", never))).toMatchObject({ code: "tool_server_unavailable" });
});
