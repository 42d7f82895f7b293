import { test } from "bun:test";
import { providersTable } from "./providers-table.ts";
import { serversTable } from "./servers-table.ts";
import { expectTable } from "./written-table.ts";

test("the table of KServe servers says what the code does", async () => {
  await expectTable("table", serversTable());
});

test("the table of providers says what the code does", async () => {
  await expectTable("providers", providersTable());
});
