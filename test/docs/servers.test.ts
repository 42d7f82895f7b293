import { expect, test } from "bun:test";
import { join } from "node:path";
import { serversTable } from "./servers-table.ts";

const path = join(import.meta.dir, "../../docs/servers.md");
const begin = "<!-- table: written by test/docs/servers.test.ts; UPDATE_GOLDEN=1 writes it again -->\n";
const end = "<!-- end of table -->";

test("the table of servers says what the code does", async () => {
  const document = await Bun.file(path).text();
  const start = document.indexOf(begin) + begin.length;
  const stop = document.indexOf(end);
  const table = serversTable();
  if (process.env["UPDATE_GOLDEN"] === "1") {
    await Bun.write(path, `${document.slice(0, start)}\n${table}\n${document.slice(stop)}`);
    return;
  }

  expect(document.slice(start, stop).trim()).toBe(table.trim());
});
