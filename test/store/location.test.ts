import { describe, expect, test } from "bun:test";
import { ConfigError } from "../../src/core/error.ts";
import { createStore } from "../../src/store/create-store.ts";
import { readStoreUrl } from "../../src/store/location.ts";
import { memoryLog } from "../support/calls.ts";

describe("the URL of a store", () => {
  for (const [url, location] of [
    ["memory:", { kind: "memory" }],
    ["sqlite:a.db", { kind: "sqlite", path: "a.db", durability: "normal" }],
    ["sqlite:./a b.db", { kind: "sqlite", path: "./a b.db", durability: "normal" }],
    ["sqlite:/var/a.db", { kind: "sqlite", path: "/var/a.db", durability: "normal" }],
    ["sqlite:///var/a.db", { kind: "sqlite", path: "/var/a.db", durability: "normal" }],
    ["sqlite:/a.db?durability=full", { kind: "sqlite", path: "/a.db", durability: "full" }],
    ["sqlite:/a.db?durability=normal", { kind: "sqlite", path: "/a.db", durability: "normal" }],
  ] as const) {
    test(`${url} is read`, () => {
      expect(readStoreUrl(url)).toEqual(location);
    });
  }

  for (const [url, reason] of [
    ["postgres://user:secret@host/db", "PostgreSQL is not supported"],
    ["postgresql://user:secret@host/db", "PostgreSQL is not supported"],
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
