import { afterAll, beforeAll, expect, test } from "bun:test";
import { createStore } from "../../src/store/create-store.ts";
import { memoryLog } from "../support/calls.ts";
import { runToEnd } from "../support/oai-serve.ts";
import { type PostgresServer, postgresPassword, startPostgres } from "../support/postgres.ts";
import { describePostgres } from "../support/prerequisites.ts";

const nowhere = `postgres://me:secret@127.0.0.1:1/db`;

test("check says of a database that is not there that it cannot be used, without its password", async () => {
  const { code, stdout } = await runToEnd(["check", "--store", nowhere]);

  expect(stdout).toContain(
    "✗ --store: PostgreSQL at 127.0.0.1:1, database 'db', schema 'oai_serve' cannot be used: Failed to connect",
  );
  expect(stdout).not.toContain("secret");
  expect(code).toBe(1);
});

test("conversations say of a database that is not there that it cannot be used", async () => {
  const { code, stdout, stderr } = await runToEnd(["conversations", "list", "--store", nowhere]);

  expect(stdout + stderr).toContain("cannot be read or written");
  expect(stdout + stderr).not.toContain("secret");
  expect(code).not.toBe(0);
});

describePostgres("with PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test("check tells where things will be stored, and makes nothing", async () => {
    const url = server.url("checked");

    const { code, stdout } = await runToEnd(["check", "--store", url]);

    expect(stdout).toContain(
      `✓ store: PostgreSQL at 127.0.0.1:${server.port}, database 'postgres', schema 'checked'\n`,
    );
    expect(code).toBe(0);
    const [row] = await server.admin`SELECT to_regnamespace('checked') AS schema`;
    expect(row.schema).toBeNull();
  });

  test("a wrong password is an error of the start, and of check, and is not repeated", async () => {
    const url = server.url().replace(encodeURIComponent(postgresPassword), "wrong-secret");

    const started = await runToEnd(["--port", "0", "--store", url]);
    const checked = await runToEnd(["check", "--store", url]);

    expect([started.code, checked.code]).toEqual([2, 1]);
    expect(started.stderr).toContain("password authentication failed");
    expect(checked.stdout).toContain("password authentication failed");
    expect(started.stderr + started.stdout + checked.stdout).not.toContain("secret");
  });

  test("conversations are listed, shown and deleted", async () => {
    const url = server.url();
    const store = createStore(url, memoryLog());
    await store.records.write([
      {
        kind: "put",
        key: { collection: "conversation", owner: "", id: "conv_1" },
        expectedVersion: 0,
        labels: { model: "crew" },
      },
    ]);
    await store.close();
    const command = (...args: string[]) => runToEnd(["conversations", ...args, "--store", url]);

    expect((await command("list")).stdout).toContain("conv_1  crew  items=0");
    expect((await command("delete", "conv_1")).stdout).toContain("✓ Deleted conv_1");
    expect((await command("list")).stdout).toBe("There are no conversations.\n");
    expect((await command("show", "conv_1")).code).toBe(1);
  });
});
