import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

const root = join(import.meta.dir, "..");
const maxLines = 400;

interface SourceFile {
  /** From the root, with slashes. */
  path: string;
  text: string;
  imports: readonly Import[];
}

interface Import {
  /** As written. */
  from: string;
  /** What is named, as written. */
  names: string;
}

const files: readonly SourceFile[] = [...new Bun.Glob("src/**/*.ts").scanSync(root)]
  .toSorted()
  .map((path) => path.replaceAll("\\", "/"))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))
  .map(({ path, text }) => ({ path, text, imports: importsOf(text) }));

const everything = [""];
/** Where a file in a folder may import from, besides its own part. The longest folder that fits decides. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "src/core/": [],
  "src/text/": ["src/core/"],
  "src/tokens/": ["src/core/"],
  "src/telemetry/": ["src/core/"],
  "src/json-schema/": ["src/core/"],
  "src/egress/": ["src/core/"],
  "src/store/": ["src/core/"],
  "src/agents/": ["src/json-schema/", "src/egress/", "src/core/"],
  "src/dispatch/": ["src/text/", "src/tokens/", "src/telemetry/", "src/json-schema/", "src/core/"],
  "src/http/": ["src/telemetry/", "src/core/"],
  "src/drivers/agent/": ["src/agents/", "src/core/"],
  "src/drivers/": ["src/text/", "src/tokens/", "src/json-schema/", "src/egress/", "src/core/"],
  "src/api/": [
    "src/http/",
    "src/json-schema/assert-schemas.ts",
    "src/store/store.ts",
    "src/store/records.ts",
    "src/core/",
  ],
  "src/config/": ["src/agents/config/", "src/drivers/index.ts", "src/drivers/driver.ts", "src/core/"],
  "src/cli/": ["src/config/", "src/store/", "src/telemetry/", "src/core/"],
  "src/server.ts": ["src/api/", "src/http/", "src/core/"],
  "src/compose/": everything,
  "src/compose.ts": everything,
  "src/index.ts": everything,
  "src/serve.ts": everything,
  "src/main.ts": everything,
};

/** Folders whose subfolders do not see each other, and what in them all of them share. */
const siblings: Readonly<Record<string, readonly string[]>> = {
  "src/api/": ["src/api/common/"],
  "src/drivers/": ["src/drivers/driver.ts"],
};

/** Every import and re-export with a path: static, type-only, for its effect, and dynamic. */
function importsOf(text: string): Import[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, "");
  const statements =
    /\b(?:import|export)\s+(?:([\w*\s{},$]+?)\s+from\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/g;
  return [...code.matchAll(statements)].map((match) => ({
    names: match[1] ?? "",
    from: match[2] ?? match[3] ?? "",
  }));
}

function isRelative({ from }: Import): boolean {
  return from.startsWith(".");
}

function target(file: SourceFile, { from }: Import): string {
  return posix.join(posix.dirname(file.path), from);
}

/** The row of `mayImport` for a file. */
function layerOf(path: string): string | undefined {
  return Object.keys(mayImport).find((prefix) => path.startsWith(prefix));
}

/** Imports for which `isWrong` holds, as `file imports what`. */
function importsThat(isWrong: (file: SourceFile, imported: Import) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports
      .filter((imported) => isWrong(file, imported))
      .map(({ from }) => `${file.path} imports ${from}`),
  );
}

function filesThat(isWrong: (file: SourceFile) => boolean): string[] {
  return files.filter(isWrong).map(({ path }) => path);
}

describe("this test", () => {
  for (const [code, from] of [
    ['import { a } from "./a.ts";', "./a.ts"],
    ['import type { A } from "./a.ts";', "./a.ts"],
    ['import { type A, b } from "./a.ts";', "./a.ts"],
    ['import {\n  a,\n  b,\n} from "./a.ts";', "./a.ts"],
    ['import * as a from "./a.ts";', "./a.ts"],
    ['import a from "../a.json" with { type: "json" };', "../a.json"],
    ['import "./a.ts";', "./a.ts"],
    ['export { a } from "./a.ts";', "./a.ts"],
    ['export * from "./a.ts";', "./a.ts"],
    ['const a = await import("./a.ts");', "./a.ts"],
  ] as const) {
    test(`sees ${JSON.stringify(code)}`, () => {
      expect(importsOf(code).map((imported) => imported.from)).toEqual([from]);
    });
  }

  test("sees every source file, and finds what they import", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(
      importsThat(
        (file, imported) => isRelative(imported) && !existsSync(join(root, target(file, imported))),
      ),
    ).toEqual([]);
  });
});

describe("layers", () => {
  test("every file has its place in the table", () => {
    expect(filesThat(({ path }) => layerOf(path) === undefined)).toEqual([]);
  });

  test("imports point down, type-only ones too", () => {
    const wrong = importsThat((file, imported) => {
      const layer = layerOf(file.path);
      if (layer === undefined || !isRelative(imported)) return false;
      const path = target(file, imported);
      return !path.startsWith(layer) && !(mayImport[layer] ?? []).some((allowed) => path.startsWith(allowed));
    });

    expect(wrong).toEqual([]);
  });

  test("surfaces do not see each other, nor do drivers", () => {
    const wrong = importsThat((file, imported) => {
      const [folder, shared = []] =
        Object.entries(siblings).find(([name]) => file.path.startsWith(name)) ?? [];
      if (folder === undefined || !isRelative(imported)) return false;
      const path = target(file, imported);
      const own = partOf(file.path, folder);
      if (own === undefined || !path.startsWith(folder)) return false;
      return partOf(path, folder) !== own && !shared.some((allowed) => path.startsWith(allowed));
    });

    expect(wrong).toEqual([]);
  });

  test("the framework is known to http, the routes, what describes them, and the server only", () => {
    const mayKnow = /^src\/(http\/|server\.ts$|api\/(\w+\/routes|common\/detail)\.ts$)/;

    expect(
      importsThat(
        ({ path }, { from }) => /^(@elysiajs\/|elysia$|elysia\/)/.test(from) && !mayKnow.test(path),
      ),
    ).toEqual([]);
  });

  test("`t` of the framework is used nowhere: schemas come from TypeBox", () => {
    expect(importsThat((_, { from, names }) => from === "elysia" && /\bt\b/.test(names))).toEqual([]);
  });

  test("every schema file of a surface takes `Type` from TypeBox", () => {
    const wrong = filesThat(
      ({ path, imports }) =>
        /^src\/api\/\w+\/schema\.ts$/.test(path) && !imports.some(({ from }) => from === "@sinclair/typebox"),
    );

    expect(wrong).toEqual([]);
  });

  test("a model server's transport is known to its driver only", () => {
    expect(
      importsThat(({ path }, { from }) => from.startsWith("@grpc/") && !path.startsWith("src/drivers/")),
    ).toEqual([]);
  });

  test("the tokenizer is known to tokens only", () => {
    expect(
      importsThat(({ path }, { from }) => /^tiktoken\b/.test(from) && !path.startsWith("src/tokens/")),
    ).toEqual([]);
  });
});

describe("files", () => {
  test("are short", () => {
    expect(filesThat(({ text }) => text.split("\n").length > maxLines)).toEqual([]);
  });

  test("have names in kebab-case", () => {
    expect(filesThat(({ path }) => !/^(src)(\/[a-z0-9]+(-[a-z0-9]+)*)+(\.d)?\.ts$/.test(path))).toEqual([]);
  });

  test("have no default export", () => {
    expect(
      filesThat(({ text }) => /^export\s+default\b|^export\s*\{[^}]*\bas\s+default\b/m.test(text)),
    ).toEqual([]);
  });

  test("re-export nothing, but for the library's entry", () => {
    const wrong = filesThat(
      ({ path, text }) =>
        path !== "src/index.ts" && /^export\s+(type\s+)?(\*|\{[^}]*\})[^;]*\bfrom\b/m.test(text),
    );

    expect(wrong).toEqual([]);
  });

  test("name the files they import with their extension", () => {
    expect(
      importsThat(
        (_, imported) =>
          isRelative(imported) && !/\.(ts|json|proto|html|css|js|svg|txt)$/.test(imported.from),
      ),
    ).toEqual([]);
  });

  test("hold no enum, no `any` and no namespace", () => {
    expect(
      filesThat(({ text }) =>
        /^\s*(export\s+)?(const\s+)?enum\s|[:<]\s*any\b|^(export\s+)?namespace\s/m.test(text),
      ),
    ).toEqual([]);
  });

  test("never call the global fetch: what goes out goes through one client", () => {
    expect(filesThat(({ text }) => /(?<![.\w])fetch\(/.test(text))).toEqual([]);
  });

  test("read the command line, the environment and the exit only in the entries", () => {
    // It keeps the code of agent files from the exit.
    const guard = "src/agents/load/keep-process.ts";

    const wrong = filesThat(
      ({ path, text }) =>
        !isEntry(path) && path !== guard && /\bprocess\.(argv|env|exit)\b|\bBun\.(env|argv)\b/.test(text),
    );

    expect(wrong).toEqual([]);
  });
});

function isEntry(path: string): boolean {
  return path === "src/main.ts" || path === "src/index.ts";
}

/** The subfolder of `folder` that `path` is in; undefined for a file directly in it. */
function partOf(path: string, folder: string): string | undefined {
  const [part, ...rest] = path.slice(folder.length).split("/");
  return rest.length === 0 ? undefined : part;
}
