import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileRead } from "../../../src/agents/tools/file-read.ts";
import {
  openAfterLooking,
  openThroughHandles,
  type OpenBeneath,
} from "../../../src/agents/tools/open-beneath.ts";
import { extent } from "../../support/long.ts";
import { rejection } from "../../support/rejection.ts";
import { toolContext } from "../support.ts";

const canary = "canary-outside";
let base: string;
let root: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "file-read-"));
  root = join(base, "data");
  mkdirSync(join(root, "notes", "deep"), { recursive: true });
  mkdirSync(join(base, "outside"));
  writeFileSync(join(base, "secret.txt"), canary);
  writeFileSync(join(base, "outside", "secret.txt"), canary);
  writeFileSync(join(root, "a.txt"), "first line\nsecond line\n");
  writeFileSync(join(root, "empty.txt"), "");
  writeFileSync(join(root, "notes", "deep", "b.md"), "deep");
  writeFileSync(join(root, "wide.txt"), "aé€😀b");
  writeFileSync(join(root, "binary.bin"), Buffer.from([0x41, 0, 0x42]));
  writeFileSync(join(root, "large.txt"), "x".repeat(5_000));
  writeFileSync(join(root, "..."), "three dots");
  writeFileSync(join(root, "12:30.log"), "colon");
  symlinkSync(join(base, "secret.txt"), join(root, "link.txt"));
  symlinkSync("../secret.txt", join(root, "relative-link.txt"));
  symlinkSync("a.txt", join(root, "inner-link.txt"));
  symlinkSync(join(base, "outside"), join(root, "linked"));
  symlinkSync("notes", join(root, "inner-linked"));
  symlinkSync("loop", join(root, "loop"));
  symlinkSync("/dev/zero", join(root, "zero"));
  symlinkSync("/proc/self/environ", join(root, "environ"));
  spawnSync("mkfifo", [join(root, "pipe")]);
});
afterAll(() => rmSync(base, { recursive: true }));

for (const [way, open] of [
  ["through handles", openThroughHandles],
  ["after looking", openAfterLooking],
] as const) {
  describe(`file_read, which opens ${way},`, () => {
    for (const [path, text] of [
      ["a.txt", "first line\nsecond line\n"],
      ["./a.txt", "first line\nsecond line\n"],
      ["notes/deep/b.md", "deep"],
      ["notes/./deep/b.md", "deep"],
      ["empty.txt", ""],
      ["...", "three dots"],
      ["12:30.log", "colon"],
    ] as const) {
      test(`reads ${path}`, async () => {
        expect(await readWith(open, { path })).toBe(text);
      });
    }

    test("reads a long file in parts, whole characters each", async () => {
      const parts = [
        await readWith(open, { path: "wide.txt", limit: 2 }),
        await readWith(open, { path: "wide.txt", offset: 1, limit: 6 }),
        await readWith(open, { path: "wide.txt", offset: 6, limit: 100 }),
        await readWith(open, { path: "wide.txt", offset: 7 }),
        await readWith(open, { path: "wide.txt", offset: 1_000 }),
      ];

      expect(parts).toEqual([
        "a\n[Bytes 0 to 1 of 11; the next part is at offset 1.]",
        "é€\n[Bytes 1 to 6 of 11; the next part is at offset 6.]",
        "😀b\n[Bytes 6 to 11 of 11.]",
        "b\n[Bytes 10 to 11 of 11.]",
        "\n[Bytes 11 to 11 of 11.]",
      ]);
    });

    test("reads no more than it may, whatever it is asked", async () => {
      expect(await readWith(open, { path: "large.txt", limit: 1_000_000 })).toBe(
        `${"x".repeat(1_024)}\n[Bytes 0 to 1024 of 5000; the next part is at offset 1024.]`,
      );
    });

    for (const path of [
      "",
      ".",
      "/",
      "..",
      "../secret.txt",
      "notes/../../secret.txt",
      "notes/../a.txt",
      "./../secret.txt",
      "/etc/passwd",
      "//etc/passwd",
      "/proc/self/environ",
      "~/.ssh/id_rsa",
      "..\\secret.txt",
      "notes\\deep\\b.md",
      "C:\\Windows\\win.ini",
      "c:/windows/win.ini",
      "%2e%2e/secret.txt",
      "%2E%2E%2Fsecret.txt",
      "..%2fsecret.txt",
      "..%5csecret.txt",
      "%252e%252e/secret.txt",
      "a.txt%00.png",
      "a.txt\0",
      "a.txt\0.png",
      "a\n.txt",
      "notes//deep/b.md",
      "a.txt/",
      "file:///etc/passwd",
      "．．/secret.txt",
      "..%c0%afsecret.txt",
      "....//secret.txt",
      "x".repeat(300),
      "a/".repeat(100) + "b",
      "a".repeat(5_000),
      "link.txt",
      "relative-link.txt",
      "inner-link.txt",
      "linked/secret.txt",
      "inner-linked/deep/b.md",
      "loop",
      "zero",
      "environ",
      "pipe",
      "notes",
      "notes/deep",
      "missing.txt",
      "a.txt/b",
      "binary.bin",
    ]) {
      test(`refuses ${JSON.stringify(path.slice(0, 40))}`, async () => {
        const error = await rejection(readWith(open, { path }));

        expect(error).toBeInstanceOf(Error);
        expect(String(error)).not.toContain(base);
        expect(String(error)).not.toContain(canary);
      });
    }

    for (const args of [{ path: "a.txt", offset: -1 }, { path: "a.txt", offset: 1.5 }, { path: 1 }, {}]) {
      test(`refuses ${JSON.stringify(args)}`, async () => {
        expect(await rejection(readWith(open, args))).toBeInstanceOf(Error);
      });
    }
  });
}

describe("While folders and links change places, file_read", () => {
  test("never reads what lies outside", async () => {
    const tool = createFileRead({ root }, openThroughHandles);
    mkdirSync(join(root, "racing"), { recursive: true });
    writeFileSync(join(root, "racing", "secret.txt"), "inside");
    symlinkSync(join(base, "outside"), join(root, "trap"));
    const swaps = extent(2_000, 20_000);
    const results = new Map<string, number>();
    const reading = async () => {
      for (let round = 0; round < swaps; round++) {
        const read = Promise.resolve(tool.execute({ path: "racing/secret.txt" }, toolContext()));
        const result = await read.then(String, () => "refused");
        results.set(result, (results.get(result) ?? 0) + 1);
      }
    };
    const over = new AbortController();
    const swapping = async () => {
      while (!over.signal.aborted) {
        renameSync(join(root, "racing"), join(root, "aside"));
        renameSync(join(root, "trap"), join(root, "racing"));
        await new Promise((resolve) => setImmediate(resolve));
        renameSync(join(root, "racing"), join(root, "trap"));
        renameSync(join(root, "aside"), join(root, "racing"));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };

    const swapped = swapping();
    await Promise.all([reading(), reading()]);
    over.abort();
    await swapped;

    expect(results.has(canary)).toBeFalse();
    expect(results.get("inside")).toBeGreaterThan(0);
    expect(results.get("refused")).toBeGreaterThan(0);
  });

  test("never follows a file that becomes a link", async () => {
    const tool = createFileRead({ root }, openThroughHandles);
    const path = join(root, "turning.txt");
    const results = new Set<string>();
    for (let round = 0; round < extent(500, 5_000); round++) {
      writeFileSync(`${path}.new`, "inside");
      renameSync(`${path}.new`, path);
      const read = Promise.resolve(tool.execute({ path: "turning.txt" }, toolContext()));
      unlinkSync(path);
      symlinkSync(join(base, "secret.txt"), path);
      results.add(await read.then(String, () => "refused"));
      unlinkSync(path);
    }

    expect(results.has(canary)).toBeFalse();
  });
});

describe("file_read", () => {
  test("reads nothing until a folder is named, and says so", async () => {
    const error = await rejection(
      Promise.resolve(createFileRead(undefined).execute({ path: "a.txt" }, toolContext())),
    );

    expect(String(error)).toMatch(/operator has to name a folder under tools\.file_read\.root/);
  });

  test("reads a folder that the operator names by a link", async () => {
    symlinkSync(root, join(base, "named"));

    expect(
      await createFileRead({ root: join(base, "named") }).execute({ path: "notes/deep/b.md" }, toolContext()),
    ).toBe("deep");
  });

  test("reads files with several names", async () => {
    linkSync(join(root, "a.txt"), join(root, "hard.txt"));

    expect(await createFileRead({ root }).execute({ path: "hard.txt" }, toolContext())).toContain(
      "first line",
    );
  });

  test("reads only as much of the kernel's files as they say they have", async () => {
    expect(await createFileRead({ root: "/proc" }).execute({ path: "version" }, toolContext())).toBe("");
  });

  test("leaves no handle open", async () => {
    const tool = createFileRead({ root }, openThroughHandles);
    const before = openHandles();

    for (const path of ["notes/deep/b.md", "link.txt", "linked/secret.txt", "pipe", "missing", "notes"]) {
      await rejection(Promise.resolve(tool.execute({ path }, toolContext())));
    }

    expect(openHandles()).toBe(before);
  });
});

function openHandles(): number {
  return readdirSync("/proc/self/fd").length;
}

async function readWith(open: OpenBeneath, args: Record<string, unknown>): Promise<unknown> {
  return await createFileRead({ root, max_bytes: 1_024 }, open).execute(args, toolContext());
}
