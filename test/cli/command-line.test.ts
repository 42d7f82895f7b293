import { describe, expect, test } from "bun:test";
import { readCommandLine } from "../../src/cli/command-line.ts";
import { environmentNames, flagName, settings } from "../../src/config/settings.ts";

describe("what is asked for", () => {
  const lines: readonly [string, ReturnType<typeof readCommandLine>][] = [
    ["", { command: "serve", flags: {} }],
    ["serve", { command: "serve", flags: {} }],
    ["--port 80", { command: "serve", flags: { "--port": ["80"] } }],
    ["--port=80 serve", { command: "serve", flags: { "--port": ["80"] } }],
    ["check --port 80", { command: "check", flags: { "--port": ["80"] } }],
    ["--port 80 check", { command: "check", flags: { "--port": ["80"] } }],
    ["schema", { command: "schema", flags: {} }],
    ["--cors-origin a --cors-origin b", { command: "serve", flags: { "--cors-origin": ["a", "b"] } }],
    ["--version", { command: "print", text: "1.2.3\n" }],
    ["-V", { command: "print", text: "1.2.3\n" }],
  ];
  for (const [line, expected] of lines) {
    test(`"${line}"`, () => {
      expect(readCommandLine(line.split(" ").filter(Boolean), "1.2.3")).toEqual(expected);
    });
  }
});

describe("a mistake is one sentence that names what is near", () => {
  const lines: readonly [string, string][] = [
    ["--prot 80", "unknown flag --prot; did you mean --port?"],
    ["check --cofnig x", "unknown flag --cofnig; did you mean --config?"],
    ["--what", "unknown flag --what; oai-serve --help lists all."],
    ["-x", "unknown flag -x; oai-serve --help lists all."],
    ["--port", "--port: needs a value."],
    ["--port --host x", "--port: needs a value."],
    ["--port=", "--port: needs a value."],
    ["chekc", "unexpected argument 'chekc'; did you mean check?"],
    ["run", "unexpected argument 'run'; the commands are serve, check, schema."],
    ["serve twice", "unexpected argument 'twice'; the commands are serve, check, schema."],
  ];
  for (const [line, message] of lines) {
    test(`"${line}"`, () => {
      expect(() => readCommandLine(line.split(" "), "1.2.3")).toThrow(message);
    });
  }
});

for (const line of ["--help", "-h", "serve --help", "check --help"]) {
  test(`"${line}" names every flag and variable`, () => {
    const answer = readCommandLine(line.split(" "), "1.2.3");
    const text = answer.command === "print" ? answer.text.replaceAll(/\s+/g, " ") : "";

    for (const setting of settings) {
      expect(text).toContain(flagName(setting));
      for (const name of environmentNames(setting)) expect(text).toContain(name);
    }
  });
}
