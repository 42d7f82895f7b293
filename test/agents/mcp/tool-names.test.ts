import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { toToolName } from "../../../src/agents/mcp/tool-names.ts";

for (const [tool, name] of [
  ["read_file", "files__read_file"],
  ["read-file", "files__read-file"],
  ["read.file", /^files__read_file_[0-9a-f]{8}$/],
  ["read file", /^files__read_file_[0-9a-f]{8}$/],
  ["größe", /^files__gr__e_[0-9a-f]{8}$/],
  ["a".repeat(57), `files__${"a".repeat(57)}`],
  ["a".repeat(58), /^files__a{48}_[0-9a-f]{8}$/],
  ["", "files__"],
] as const) {
  test(`The tool '${tool.slice(0, 20)}' gets a name that models take`, () => {
    expect(toToolName("files", tool)).toMatch(name);
  });
}

test("Every name fits, and different tools have different ones", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ maxLength: 100, unit: "grapheme" }), { maxLength: 50 }),
      (tools) => {
        const names = tools.map((tool) => toToolName("files", tool));

        for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        expect(new Set(names).size).toBe(tools.length);
      },
    ),
  );
});
