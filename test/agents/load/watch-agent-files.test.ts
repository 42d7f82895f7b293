import { afterEach, describe, expect, test } from "bun:test";
import { rename, rm, unlink, writeFile } from "node:fs/promises";
import { type Watch, watchAgentFiles } from "../../../src/agents/load/watch-agent-files.ts";
import { createFolder, type Folder } from "./folder.ts";
import { quiet } from "./quiet.ts";

let watch: Watch | undefined;

afterEach(() => watch?.close());

const names = ["agents/a.ts", "agents/b.ts", "lib/helper.ts", "lib/words.json"];

async function createAgents(): Promise<Folder> {
  return await createFolder(Object.fromEntries(names.map((name) => [name, "1"])));
}

/** Gives what changed next, as names in the folder. */
function watchFolder(folder: Folder): () => Promise<readonly string[]> {
  const seen: (readonly string[])[] = [];
  let wake: (() => void) | undefined;
  watch = watchAgentFiles({
    files: [folder.at("agents")],
    onChange(changed) {
      seen.push(changed.map((path) => path.slice(folder.path.length + 1)));
      wake?.();
    },
    log: quiet,
    settleMs: 20,
  });
  watch.follow(names.map((name) => folder.at(name)));
  return async () => {
    while (seen.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return seen.shift() ?? [];
  };
}

interface Change {
  what: string;
  change: (folder: Folder) => Promise<void>;
  name: string;
}

const changes: readonly Change[] = [
  { what: "an agent file", change: ({ at }) => writeFile(at("agents/a.ts"), "2"), name: "agents/a.ts" },
  {
    what: "a file that an editor replaces",
    change: async ({ at }) => {
      await writeFile(at("agents/.a.ts.new"), "2");
      await rename(at("agents/.a.ts.new"), at("agents/a.ts"));
    },
    name: "agents/a.ts",
  },
  { what: "a file that is gone", change: ({ at }) => unlink(at("agents/a.ts")), name: "agents/a.ts" },
  { what: "a new file", change: ({ at }) => writeFile(at("agents/c.ts"), "1"), name: "agents/c.ts" },
  { what: "a helper", change: ({ at }) => writeFile(at("lib/helper.ts"), "2"), name: "lib/helper.ts" },
  { what: "imported JSON", change: ({ at }) => writeFile(at("lib/words.json"), "2"), name: "lib/words.json" },
];

describe("a change is noticed of", () => {
  for (const { what, change, name } of changes) {
    test(what, async () => {
      await using folder = await createAgents();
      const next = watchFolder(folder);

      await change(folder);

      expect(await next()).toEqual([name]);
    });
  }

  test("a file in a folder that went away and came again", async () => {
    await using folder = await createAgents();
    const next = watchFolder(folder);

    await rm(folder.at("agents"), { recursive: true });
    const gone = new Set(await next());
    await folder.write({ "agents/a.ts": "2" });

    expect(gone).toEqual(new Set(["agents/a.ts", "agents/b.ts"]));
    expect(await next()).toEqual(["agents/a.ts"]);
  });
});

test("the same content, and files that are no code, are no change", async () => {
  await using folder = await createAgents();
  const next = watchFolder(folder);

  await folder.write({
    "agents/a.ts": "1",
    "agents/notes.md": "2",
    "agents/.b.ts.swp": "2",
    "agents/c.test.ts": "2",
  });
  await folder.write({ "agents/b.ts": "2" });

  expect(await next()).toEqual(["agents/b.ts"]);
});

test("many changes at once are one", async () => {
  await using folder = await createAgents();
  const next = watchFolder(folder);

  await folder.write({ "agents/a.ts": "2", "agents/b.ts": "2" });

  expect(new Set(await next())).toEqual(new Set(["agents/a.ts", "agents/b.ts"]));
});

test("a change back to what it was is a change", async () => {
  await using folder = await createAgents();
  const next = watchFolder(folder);
  await folder.write({ "agents/a.ts": "2" });
  await next();

  await folder.write({ "agents/a.ts": "1" });

  expect(await next()).toEqual(["agents/a.ts"]);
});
