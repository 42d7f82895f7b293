import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { user } from "../../../support/openai-wire.ts";
import { describeBlackBox } from "../../../support/prerequisites.ts";
import { post } from "../../../support/wire.ts";
import { callsIn, startToolBed, type ToolBed } from "./bed.ts";

const long = "x".repeat(200);
const calls = [
  { name: "json_validator", arguments: { json: "argument-canary" } },
  { name: "calculator", arguments: {} },
  { name: "json_validator", arguments: { json: JSON.stringify(long) } },
];

describeBlackBox("The log of tool calls", () => {
  for (const content of ["preview", "full", "off"] as const) {
    describe(`with --log-content ${content}`, () => {
      let bed: ToolBed;
      let lines: readonly string[];
      let requestId: string | null;
      beforeAll(async () => {
        bed = await startToolBed({
          config: { agents: { agent: { model: "gpt-4o-mini", tools: ["json_validator", "calculator"] } } },
          args: `--log-content ${content}`,
        });
        const { headers } = await post(`${bed.url}/chat/completions`, {
          model: "agent",
          ...user(callsIn(calls)),
        });
        requestId = headers.get("x-request-id");
        await bed.program.line(/← Response/);
        lines = bed.program.output();
      });
      afterAll(() => bed.stop());

      test("counts the calls of a turn, under the request's session", () => {
        const session = /^req_([0-9a-f]{8})/.exec(requestId ?? "")?.[1];
        const line = lines.find((text) => text.includes("🔧 Tool Calls"));

        expect(session).toBeDefined();
        expect(line).toEndWith(`🔧 Tool Calls: session=${session}, count=3`);
      });

      test("names each tool", () => {
        for (const [index, { name }] of calls.entries()) {
          expect(lines.some((text) => text.includes(`[${index + 1}] ${name}`))).toBe(true);
        }
      });

      test("shows arguments and results as far as it may", () => {
        const log = lines.join("\n");
        const shown = {
          off: { arguments: false, whole: false },
          preview: { arguments: true, whole: false },
          full: { arguments: true, whole: true },
        }[content];

        expect(log.includes("argument-canary")).toBe(shown.arguments);
        expect(log.includes("The arguments of calculator are not valid")).toBe(shown.arguments);
        expect(log.includes(long)).toBe(shown.whole);
        expect(log).toContain(shown.arguments ? "✓ Result: {" : "✓ Result");
      });
    });
  }
});
