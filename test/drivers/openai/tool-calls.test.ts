import { expect, test } from "bun:test";
import { ToolCallReader } from "../../../src/drivers/openai/tool-calls.ts";

test("long arguments under a name that is repeated cost what they are long, and no more", () => {
  const reader = new ToolCallReader(0);
  const read = (json: string) =>
    reader.read({ index: 0, name: "f", kind: "function", arguments: json }, false);
  const pieces = [
    '{"a":[',
    ...Array.from({ length: 40_000 }, (_, index) => `${index === 0 ? "" : ","}{}`),
    "]}",
  ];
  const startedAt = performance.now();

  const events = [...pieces.flatMap(read), ...reader.end()];

  expect(events.filter(({ type }) => type === "tool-call-start")).toHaveLength(1);
  expect(events.map((event) => (event.type === "tool-call-delta" ? event.arguments : "")).join("")).toBe(
    pieces.join(""),
  );
  // Parsing all of it again for each piece takes ten times as long.
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

/** [what, pieces under one index and name, number of calls] */
const repeated: readonly [string, readonly string[], number][] = [
  ["one that goes on", ['{"x":', "1}"], 1],
  ["one whose text has brackets and quotes", ['{"x":"}\\"', '}"', "}"], 1],
  ["one that is followed by nothing", ['{"x":1}', ""], 1],
  ["one that is followed by white space", ['{"x":1}', "\n"], 1],
  ["two, each at once", ['{"x":1}', '{"x":2}'], 2],
  ["two in pieces", ['{"x":', "1}", '{"x":', "2}"], 2],
];
for (const [what, pieces, count] of repeated) {
  test(`of pieces with the same name: ${what}`, () => {
    const reader = new ToolCallReader(0);

    const events = [
      ...pieces.flatMap((json) =>
        reader.read({ index: 0, name: "f", kind: "function", arguments: json }, false),
      ),
      ...reader.end(),
    ];

    expect(events.filter(({ type }) => type === "tool-call-start")).toHaveLength(count);
  });
}
