import { describe, expect, test } from "bun:test";
import { ConfigError } from "../../src/core/error.ts";
import { createStore } from "../../src/store/create-store.ts";
import { readStoreUrl } from "../../src/store/location.ts";
import { memoryLog } from "../support/calls.ts";

const postgres = {
  kind: "postgres",
  host: "localhost",
  port: 5432,
  user: "",
  password: "",
  database: "db",
  schema: "oai_serve",
  tls: "prefer",
  connections: 8,
} as const;

describe("the URL of a store", () => {
  for (const [url, location] of [
    ["memory:", { kind: "memory" }],
    ["sqlite:a.db", { kind: "sqlite", path: "a.db", durability: "normal" }],
    ["sqlite:./a b.db", { kind: "sqlite", path: "./a b.db", durability: "normal" }],
    ["sqlite:/var/a.db", { kind: "sqlite", path: "/var/a.db", durability: "normal" }],
    ["sqlite:///var/a.db", { kind: "sqlite", path: "/var/a.db", durability: "normal" }],
    ["sqlite:/a.db?durability=full", { kind: "sqlite", path: "/a.db", durability: "full" }],
    ["sqlite:/a.db?durability=normal", { kind: "sqlite", path: "/a.db", durability: "normal" }],
    ["postgres://me@host/db", { ...postgres, user: "me", host: "host" }],
    [
      "postgresql://me:a%3Ab%40c@[::1]:5433/d%20b?schema=other&connections=3&sslmode=require",
      {
        ...postgres,
        user: "me",
        password: "a:b@c",
        host: "::1",
        port: 5433,
        database: "d b",
        schema: "other",
        connections: 3,
        tls: "require",
      },
    ],
    ["postgres:///db?host=/run/postgresql", { ...postgres, host: "/run/postgresql" }],
    [
      "postgres://host/db?sslrootcert=/ca.pem",
      { ...postgres, host: "host", tls: "verify-full", caFile: "/ca.pem" },
    ],
  ] as const) {
    test(`${url} is read`, () => {
      expect(readStoreUrl(url)).toEqual(location);
    });
  }

  for (const [url, reason] of [
    ["postgres://", "postgres://USER"],
    ["postgres://user:secret@host", "postgres://USER"],
    ["postgres://user:secret@host/", "postgres://USER"],
    ["postgres://user:secret@host:70000/db", "postgres://USER"],
    ["postgres://user:%zzsecret@host/db", "postgres://USER"],
    ["postgres://user:secret%00@host/db", "postgres://USER"],
    ["postgres://user:secret@host/db?password=secret", "schema, connections"],
    ["postgres://user:secret@host/db?schema=secret;--", "'schema'"],
    ["postgres://user:secret@host/db?schema=pg_secret", "'schema'"],
    ["postgres://user:secret@host/db?connections=0", "'connections'"],
    ["postgres://user:secret@host/db?connections=secret", "'connections'"],
    ["postgres://user:secret@host/db?sslmode=secret", "'sslmode'"],
    ["postgres://user:secret@host/db?sslmode=prefer&sslrootcert=secret", "'sslrootcert'"],
    ["mysql://user:secret@host/db", "sqlite:PATH"],
    ["a.db", "sqlite:PATH"],
    ["", "sqlite:PATH"],
    ["sqlite:", "sqlite:PATH"],
    ["sqlite:?durability=full", "sqlite:PATH"],
    ["sqlite::memory:", "'memory:'"],
    ["sqlite:a.db?mode=secret", "durability"],
    ["sqlite:a.db?durability=secret", "durability"],
  ] as const) {
    test(`${JSON.stringify(url)} is refused, and nothing of it repeated`, () => {
      const failure = thrownBy(url);

      expect(failure).toBeInstanceOf(ConfigError);
      expect(String(failure)).toContain(reason);
      expect(String(failure)).not.toContain("secret");
    });
  }
});

function thrownBy(url: string): unknown {
  try {
    return createStore(url, memoryLog());
  } catch (thrown) {
    return thrown;
  }
}
