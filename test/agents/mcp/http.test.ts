import { afterAll, describe, expect, test } from "bun:test";
import { startLegacyServer, startModernServer } from "../../support/mcp/http-servers.ts";
import { rejection } from "../../support/rejection.ts";
import { mcpBed } from "./support.ts";

const never = new AbortController().signal;

const legacy = await startLegacyServer();
const modern = startModernServer();
const bed = mcpBed({
  legacy: { url: legacy.url, headers: { Authorization: "Bearer canary-token" }, timeout: "600ms" },
  modern: { url: modern.url, timeout: "600ms" },
  nobody: { url: "http://127.0.0.1:1/mcp" },
});
afterAll(() => {
  legacy.stop();
  modern.stop();
});

for (const id of ["legacy", "modern"] as const) {
  describe(`A ${id} MCP server over HTTP`, () => {
    test("offers its tools and runs them", async () => {
      expect((await bed.table.resolve(id, never)).length).toBeGreaterThan(10);
      expect(await bed.call(`${id}.add`, { a: 1, b: 2 })).toBe("3");
    });

    test("tells what went wrong", async () => {
      expect(String(await rejection(bed.call(`${id}.fail`)))).toBe("Error: The disk is full.");
      expect(String(await rejection(bed.call(`${id}.refuse`)))).toBe("ProtocolError: No such tool: refuse");
    });

    test("gives structured content once, and notes for what is no text", async () => {
      expect(await bed.call(`${id}.structured`)).toBe('{ "rows": 2 }');
      expect(await bed.call(`${id}.mixed`)).toBe(
        'Look:\n[image of image/png, 3 bytes: not shown]\ninside\n[link to b: file:///b.txt]\n{"rows":2}',
      );
    });

    test("is told when a call takes too long", async () => {
      expect(String(await rejection(bed.call(`${id}.hang`)))).toBe("Error: No answer within 0.6 s.");
      expect(Number(await bed.call(`${id}.cancelled`))).toBeGreaterThan(0);
    });
  });
}

describe("An MCP server over HTTP", () => {
  test("gets the operator's headers with every request", () => {
    expect(new Set(legacy.headers.map(({ authorization }) => authorization))).toEqual(
      new Set(["Bearer canary-token"]),
    );
  });

  test("is greeted anew where it has forgotten who calls", async () => {
    await bed.call("legacy.add", { a: 1, b: 2 });
    legacy.forget();

    expect(await bed.call("legacy.add", { a: 3, b: 4 })).toBe("7");
  });

  test("that is not there fails those who ask, and says no address", async () => {
    const error = await rejection(bed.table.resolve("nobody", never));

    expect(error).toMatchObject({ kind: "unavailable", code: "tool_server_unavailable" });
    expect(String(error)).not.toContain("127.0.0.1");
  });

  test("that sends too much fails the call", async () => {
    const flood = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Response("x".repeat(20_000_000), { headers: { "content-type": "application/json" } }),
    });
    const { table } = mcpBed({ flood: { url: `http://127.0.0.1:${flood.port}/mcp` } });

    const error = await rejection(table.resolve("flood", never));
    await flood.stop(true);

    expect(error).toMatchObject({ code: "tool_server_unavailable" });
  });
});
