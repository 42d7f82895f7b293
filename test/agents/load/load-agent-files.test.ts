import { describe, expect, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { loadAgentFiles } from "../../../src/agents/load/load-agent-files.ts";
import type { LoadedAgent } from "../../../src/agents/load/loaded.ts";
import { ConfigError } from "../../../src/core/error.ts";
import { failureOf } from "../../support/failure.ts";
import { createContext } from "./context.ts";
import { createFolder } from "./folder.ts";
import { kit } from "./kit.ts";

const echo = (name: string, answer = `"${name}"`) =>
  `import { defineAgent } from "oai-serve";
   export default defineAgent({ name: "${name}", run: () => ${answer} });`;

const withHelper = (specifier: string) => `import { word } from "${specifier}"; ${echo("a", "word()")}`;

const load = (...files: readonly string[]) => loadAgentFiles({ files, kit });

async function problemsOf(...files: readonly string[]): Promise<string[]> {
  const error = await failureOf(load(...files));
  expect(error).toBeInstanceOf(ConfigError);
  return error instanceof Error ? error.message.split("\n") : [];
}

async function answerOf(loaded: LoadedAgent | undefined): Promise<unknown> {
  return await loaded?.agent.run(createContext());
}

const ids = (agents: readonly LoadedAgent[]) => agents.map(({ id }) => id);

describe("files", () => {
  for (const [name, text] of [
    ["one.ts", echo("one")],
    ["one.mts", echo("one")],
    ["one.tsx", echo("one")],
    ["one.js", echo("one")],
    ["one.mjs", echo("one")],
    [
      "one.cjs",
      `const { defineAgent } = require("oai-serve"); module.exports = { it: defineAgent({ name: "one", run: () => "one" }) };`,
    ],
  ] as const) {
    test(`${name} finds the kit with nothing installed`, async () => {
      await using folder = await createFolder({ [name]: text });

      const { agents } = await load(folder.at(name));

      expect(agents).toMatchObject([
        { id: "one", isDefault: false, isPrivate: false, file: folder.at(name) },
      ]);
      expect(await answerOf(agents[0])).toBe("one");
    });
  }

  test("the kit is ours, also where a package of its name is installed", async () => {
    await using folder = await createFolder({
      "node_modules/oai-serve/package.json": '{ "name": "oai-serve", "type": "module", "main": "index.js" }',
      "node_modules/oai-serve/index.js": 'export const defineAgent = () => "not this";',
      "one.ts": 'import "./lib/two.ts"; ' + echo("one"),
      "lib/two.ts":
        'import { defineAgent } from "oai-serve"; if (defineAgent({ name: "x", run: () => 1 }) === "not this") throw new Error("wrong");',
    });

    const { agents, modules } = await load(folder.at("one.ts"));

    expect(ids(agents)).toEqual(["one"]);
    expect(modules.filter((module) => module.startsWith(folder.path)).toSorted()).toEqual([
      folder.at("lib/two.ts"),
      folder.at("one.ts"),
    ]);
  });

  test("one that starts a server when it is run by itself is a file of agents too", async () => {
    await using folder = await createFolder({
      "one.ts": `import { createServer } from "oai-serve"; ${echo("one")}
        if (import.meta.main) await createServer().listen();`,
    });

    expect(ids((await load(folder.path)).agents)).toEqual(["one"]);
  });

  test("TypeBox is there with nothing installed", async () => {
    await using folder = await createFolder({
      "one.ts": `import { Type } from "@sinclair/typebox"; import * as kit from "oai-serve";
        if (Type.String().type !== "string" || kit.Type.String().type !== "string") throw new Error("wrong");
        ${echo("one")}`,
    });

    const { agents } = await load(folder.path);

    expect(ids(agents)).toEqual(["one"]);
  });

  test("what is for the main module only does not run", async () => {
    await using folder = await createFolder({
      "one.ts": `if (import.meta.main) throw new Error("runs"); ${echo("one")}`,
    });

    const { agents } = await load(folder.at("one.ts"));

    expect(ids(agents)).toEqual(["one"]);
  });
});

describe("folders", () => {
  test("give the agent files directly in them, in the order of their names", async () => {
    await using folder = await createFolder({
      "b.ts": echo("b"),
      "a.js": echo("a"),
      "c.mts": echo("c"),
      "_shared.ts": "throw 1",
      ".hidden.ts": "throw 1",
      "a.test.ts": "throw 1",
      "types.d.ts": "throw 1",
      "notes.md": "no code",
      "deeper/d.ts": "throw 1",
      "node_modules/e/index.js": "throw 1",
    });

    const { agents } = await load(folder.path);

    expect(ids(agents)).toEqual(["a", "b", "c"]);
  });

  test("and files among the places are loaded once, however often they are named", async () => {
    await using folder = await createFolder({ "a.ts": echo("a") });
    await symlink(folder.at("a.ts"), folder.at("z.ts"));

    const { agents } = await load(folder.path, folder.at("a.ts"));

    expect(ids(agents)).toEqual(["a"]);
  });
});

describe("a file of a folder that exports no agent", () => {
  for (const [what, head, helper] of [
    ["that another file imports", 'import { word } from "./dep.ts"; word();', "export const word = () => 1;"],
    [
      "that is imported without its ending",
      'import { word } from "./dep"; word();',
      "export const word = () => 1;",
    ],
    [
      "of types only",
      'import type { Word } from "./dep.ts"; const w: Word = 1; void w;',
      "export type Word = number;",
    ],
    [
      "of types named one by one",
      'import { type Word } from "./dep.ts"; const w: Word = 1; void w;',
      "export type Word = number;",
    ],
    ["that is imported later", 'export const later = () => import("./dep.ts");', "export const word = 1;"],
  ] as const) {
    test(`is no mistake if it is a helper ${what}`, async () => {
      await using folder = await createFolder({ "a.ts": head + echo("a"), "dep.ts": helper });

      expect(ids((await load(folder.path)).agents)).toEqual(["a"]);
    });
  }

  test("is no mistake either where a helper imports it", async () => {
    await using folder = await createFolder({
      "a.ts": `import "./b.ts"; ${echo("a")}`,
      "b.ts": 'import "./c.ts";',
      "c.ts": "export const word = 1;",
    });

    expect(ids((await load(folder.path)).agents)).toEqual(["a"]);
  });

  test("is one where it is named itself, and where only its like import it", async () => {
    await using folder = await createFolder({
      "a.ts": `import "./dep.ts"; ${echo("a")}`,
      "dep.ts": "export const word = 1;",
      "x.ts": 'import "./y.ts";',
      "y.ts": 'import "./x.ts";',
    });

    const problems = await problemsOf(folder.path, folder.at("dep.ts"));

    expect(problems).toEqual(
      ["dep.ts", "x.ts", "y.ts"].map((name) =>
        expect.stringContaining(`${folder.at(name)}: it exports no agent.`),
      ),
    );
  });
});

describe("exports", () => {
  const head =
    'import { createRegistry, defineAgent, END, Graph } from "oai-serve"; const one = defineAgent({ name: "one", run: () => 1 }); const two = defineAgent({ name: "two", run: () => 2 });';
  for (const [what, text, expected] of [
    [
      "named ones",
      "export { one, two }; export const limit = 3; export function helper() {}",
      ["one", "two"],
    ],
    ["the same one twice", "export default one; export { one };", ["one"]],
    ["an array as default", "export default [one, two];", ["one", "two"]],
    ["a named array", "export const team = [one, two];", ["one", "two"]],
    ["a function, named after the file", "export default () => 1;", ["my.file"]],
    ["an async generator, likewise", "export default async function* () { yield 'x'; }", ["my.file"]],
    [
      "a graph, likewise",
      "export default new Graph().addNode('a', () => {}).addEdge('a', END);",
      ["my.file"],
    ],
    [
      "a registry",
      "const registry = createRegistry(); registry.register('r1', one); registry.register('r2', () => 1); export { registry };",
      ["r1", "r2"],
    ],
    [
      "a registry in an array",
      "const registry = createRegistry(); registry.register('r1', one); export default [two, registry];",
      ["two", "r1"],
    ],
  ] as const) {
    test(`may be ${what}`, async () => {
      await using folder = await createFolder({ "my.file.ts": head + text });

      const { agents } = await load(folder.path);

      expect(ids(agents)).toEqual([...expected]);
    });
  }

  test("of a registry keep what it says of its agents", async () => {
    await using folder = await createFolder({
      "one.ts": `import { createRegistry } from "oai-serve";
        export default createRegistry().register("a", () => 1).register("b", () => 2, { default: true }).register("c", () => 3, { private: true });`,
    });

    const { agents } = await load(folder.path);

    expect(agents).toMatchObject([
      { id: "a", isDefault: false, isPrivate: false },
      { id: "b", isDefault: true, isPrivate: false },
      { id: "c", isDefault: false, isPrivate: true },
    ]);
  });

  test("of two files may be the same agent", async () => {
    await using folder = await createFolder({
      "a.ts": echo("a"),
      "index.ts": 'export * from "./a.ts"; export { default as a } from "./a.ts";',
    });

    const { agents } = await load(folder.path);

    expect(ids(agents)).toEqual(["a"]);
  });
});

describe("what is wrong is said with its place:", () => {
  for (const [what, text, expected] of [
    [
      "a syntax error",
      "export const a = 1;\nconst b = {{;",
      [":2:12: Expected identifier", ":2:13: Expected"],
    ],
    ["a throw", "\nthrow new TypeError('boom\\nmore');", [":2:11: TypeError: boom."]],
    ["a throw without an error", "throw 'boom';", [": it threw something that is no Error."]],
    [
      "a module that is not there",
      "\n\nimport { x } from './nope.ts'; console.log(x);",
      [":3: cannot import './nope.ts': there is no such file."],
    ],
    [
      "a package that is not installed",
      "import { x } from 'left-pad-99'; console.log(x);",
      [":1: cannot import 'left-pad-99': that package is not installed."],
    ],
    [
      "an export that the kit does not have",
      "import {\n  defineAgents,\n} from 'oai-serve'; console.log(defineAgents);",
      [":2: 'oai-serve' has no export of the name 'defineAgents'. It has: defineAgent, tool, Graph,"],
    ],
    [
      "an end of the process",
      "\nprocess.exit(3);",
      [":2:9: Error: A file of agents may not end the process: process.exit() would stop the server."],
    ],
    ["no agent", "export const a = 1;", [": it exports no agent. It needs one"]],
    ["a class", "export default class {}", [": it exports no agent."]],
    [
      "an array with something else",
      "export default [() => 1];",
      [": element 0 of its default export is no agent, but a function."],
    ],
    [
      "a wrong definition",
      "import { defineAgent } from 'oai-serve';\n\nexport default defineAgent({ name: 'a b', run: () => 1 });",
      [":3:"],
    ],
    [
      "a server of its own",
      "import { createRegistry, createServer } from 'oai-serve';\n\ncreateServer(createRegistry()).listen();",
      [":3:1: Error: A file of agents starts no server: oai-serve serves what it exports."],
    ],
  ] as const) {
    test(what, async () => {
      await using folder = await createFolder({ "a.ts": text });

      const problems = await problemsOf(folder.path);

      expect(problems).toEqual(expected.map((part) => expect.stringContaining(folder.at("a.ts") + part)));
    });
  }

  test("an export that an imported file does not have", async () => {
    await using folder = await createFolder({
      "a.ts": withHelper("./lib/b.ts"),
      "lib/b.ts": "export const words = 1, other = 2;",
    });

    expect(await problemsOf(folder.path)).toEqual([
      `${folder.at("a.ts")}:1: '${folder.at("lib/b.ts")}' has no export of the name 'word'. It has: other, words.`,
    ]);
  });

  test("in a file that is imported", async () => {
    await using folder = await createFolder({ "a.ts": "import './lib/b.ts';", "lib/b.ts": "\nconst {{" });

    const problems = await problemsOf(folder.path);

    expect(problems[0]).toStartWith(`${folder.at("lib/b.ts")}:2:`);
  });

  test("places without agent files", async () => {
    await using folder = await createFolder({ "empty/notes.md": "", "config.yaml": "" });

    const problems = await problemsOf(folder.at("gone.ts"), folder.at("empty"), folder.at("config.yaml"));

    expect(problems).toEqual([
      `${folder.at("gone.ts")}: there is no such file or folder.`,
      `${folder.at("empty")}: the folder has no TypeScript or JavaScript file directly in it.`,
      expect.stringContaining(`${folder.at("config.yaml")}: it is no TypeScript or JavaScript file`),
    ]);
  });

  test("two agents of one name", async () => {
    await using folder = await createFolder({ "a.ts": echo("same"), "b.ts": echo("same") });

    const problems = await problemsOf(folder.path);

    expect(problems).toEqual([`${folder.at("b.ts")}: agent 'same' is in ${folder.at("a.ts")} too.`]);
  });

  test("top-level code that does not end", async () => {
    await using folder = await createFolder({ "a.ts": "await new Promise(() => {});" });

    const loading = loadAgentFiles({ files: [folder.path], kit, timeoutMs: 20 });

    expect(await failureOf(loading)).toMatchObject({
      message: `${folder.at("a.ts")}: its top-level code did not end within 0.02 s.`,
    });
  });

  test("all problems of all files at once", async () => {
    await using folder = await createFolder({
      "a.ts": "const {{",
      "b.ts": "throw new Error('x')",
      "c.ts": "",
      "d.ts": echo("d"),
    });

    const problems = await problemsOf(folder.path, folder.at("gone.ts"));

    const files = new Set(problems.map((problem) => problem.slice(folder.path.length + 1).split(":")[0]));
    expect(files).toEqual(new Set(["a.ts", "b.ts", "c.ts", "gone.ts"]));
  });
});

describe("loading again", () => {
  for (const specifier of ["./lib/helper.ts", "./lib/helper"]) {
    test(`sees what became of ${specifier}, and what was loaded before stays as it was`, async () => {
      await using folder = await createFolder({
        "a.ts": withHelper(specifier),
        "lib/helper.ts": 'export const word = () => "old";',
      });
      const before = await load(folder.at("a.ts"));
      await folder.write({ "lib/helper.ts": 'export const word = () => "new";' });

      const after = await load(folder.at("a.ts"));

      expect(await answerOf(before.agents[0])).toBe("old");
      expect(await answerOf(after.agents[0])).toBe("new");
    });

    for (const [what, broken] of [
      ["a syntax error", "const {{"],
      ["a throw", "throw new Error('no');"],
      ["an import of what is not there", "import './more.ts'; export const word = () => 'x';"],
    ] as const) {
      test(`succeeds once ${what} in ${specifier} is gone`, async () => {
        await using folder = await createFolder({ "a.ts": withHelper(specifier), "lib/helper.ts": broken });
        expect(await problemsOf(folder.at("a.ts"))).toHaveLength(1 + Number(broken === "const {{") * 2);
        await folder.write({ "lib/helper.ts": 'export const word = () => "fixed";' });

        const { agents } = await load(folder.at("a.ts"));

        expect(await answerOf(agents[0])).toBe("fixed");
      });
    }
  }

  for (const [what, broken] of [
    ["a missing export", { "lib/helper.ts": "export const other = 1;" }],
    ["a missing file", {}],
  ] as const) {
    test(`succeeds once ${what} is there`, async () => {
      await using folder = await createFolder({
        "a.ts": withHelper("./lib/helper.ts"),
        "lib/x.ts": "",
        ...broken,
      });
      await problemsOf(folder.at("a.ts"));
      await folder.write({ "lib/helper.ts": 'export const word = () => "fixed";' });

      const { agents } = await load(folder.at("a.ts"));

      expect(await answerOf(agents[0])).toBe("fixed");
    });
  }

  test("succeeds once top-level code ends", async () => {
    await using folder = await createFolder({ "a.ts": `await new Promise(() => {}); ${echo("a")}` });
    const files = [folder.at("a.ts")];
    await loadAgentFiles({ files, kit, timeoutMs: 20 }).catch(() => {});
    await folder.write({ "a.ts": echo("a", '"fixed"') });

    const { agents } = await load(...files);

    expect(await answerOf(agents[0])).toBe("fixed");
  });

  test("gives all files the same helper, after a failure too", async () => {
    await using folder = await createFolder({
      "a.ts": `import { count } from "./_count.ts"; ${echo("a", "count()")}`,
      "b.ts": `import { count } from "./_count.ts"; ${echo("b", "count()")}`,
      "_count.ts": "throw new Error('no');",
    });
    await problemsOf(folder.path);
    await folder.write({ "_count.ts": "let counted = 0; export const count = () => ++counted;" });

    const { agents } = await load(folder.path);

    expect([await answerOf(agents[0]), await answerOf(agents[1])]).toEqual([1, 2]);
  });
});
