import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLineWriter } from "../../src/telemetry/line-writer.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "oai-serve-log-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

test("lines arrive in order and whole", async () => {
  const path = join(directory, "log");
  const file = openSync(path, "w");
  const writer = createLineWriter(file);

  for (let index = 0; index < 1_000; index++) writer.write(`line ${index} ⚠\n`);
  await writer.flush(5_000);
  writer.write("later\n");
  await writer.flush(5_000);
  closeSync(file);

  const lines = readFileSync(path, "utf8").split("\n");
  expect(lines).toHaveLength(1_002);
  expect(lines[999]).toBe("line 999 ⚠");
  expect(lines[1_000]).toBe("later");
});

test.skipIf(process.platform === "win32")(
  "a reader that stalls costs lines and no memory, and is told",
  async () => {
    const path = join(directory, "pipe");
    Bun.spawnSync(["mkfifo", path]);
    const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const writer = createLineWriter(pipe);
    const line = `${"x".repeat(1_023)}\n`;

    for (let round = 0; round < 8; round++) {
      for (let index = 0; index < 1_000; index++) writer.write(line);
      await Bun.sleep(1);
    }
    const drained = writer.flush(20_000);
    const received = await readUntil(pipe, "dropped because nobody read them");
    await drained;
    closeSync(pipe);

    const dropped = Number(/(\d+) log lines were dropped/.exec(received)?.[1]);
    const written = received.split("\n").filter((text) => text.startsWith("x"));
    expect(dropped).toBeGreaterThan(4_000);
    expect(written.length + dropped).toBe(8_000);
    expect(written.every((text) => text.length === 1_023)).toBe(true);
  },
);

test.skipIf(process.platform === "win32")("a reader that is gone ends the writing", async () => {
  const closed = openSync(join(directory, "log"), "r");
  const writer = createLineWriter(closed);

  writer.write("no\n");
  await writer.flush(5_000);
  writer.write("never\n");

  expect(await writer.flush(5_000)).toBeUndefined();
  closeSync(closed);
});

async function readUntil(pipe: number, mark: string): Promise<string> {
  const buffer = Buffer.alloc(65_536);
  let text = "";
  while (!text.includes(mark)) {
    try {
      text += buffer.toString("latin1", 0, readSync(pipe, buffer));
    } catch {
      // Empty for now: the writer asks again after a pause.
      await Bun.sleep(1);
    }
  }
  return text;
}
