import { expect } from "bun:test";
import { join } from "node:path";

const path = join(import.meta.dir, "../../docs/servers.md");

/**
 * Asserts that the page of model servers has `table` between the marks of that name; with `UPDATE_GOLDEN=1` it is put
 * there instead.
 */
export async function expectTable(name: string, table: string): Promise<void> {
  const document = await Bun.file(path).text();
  const begin = `<!-- ${name}: written by test/docs/servers.test.ts; UPDATE_GOLDEN=1 writes it again -->\n`;
  const end = `<!-- end of ${name} -->`;
  const [start, stop] = [document.indexOf(begin) + begin.length, document.indexOf(end)];
  expect(document).toContain(begin);
  expect(stop).toBeGreaterThan(start);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    await Bun.write(path, `${document.slice(0, start)}\n${table}\n\n${document.slice(stop)}`);
    return;
  }

  expect(document.slice(start, stop).trim()).toBe(table.trim());
}
