import { describe, expect, test } from "bun:test";
import { defaultStore } from "../../src/config/default-store.ts";

describe("conversations are kept where the environment says", () => {
  const cases: readonly [string, string, Readonly<Record<string, string>>, string][] = [
    [
      "of a service",
      "linux",
      { STATE_DIRECTORY: "/var/lib/oai-serve", HOME: "/root" },
      "sqlite:/var/lib/oai-serve/oai-serve.db",
    ],
    ["the first of several", "linux", { STATE_DIRECTORY: "/a:/b" }, "sqlite:/a/oai-serve.db"],
    [
      "of a user",
      "linux",
      { XDG_STATE_HOME: "/state", HOME: "/home/x" },
      "sqlite:/state/oai-serve/oai-serve.db",
    ],
    ["at home", "darwin", { HOME: "/home/x" }, "sqlite:/home/x/.local/state/oai-serve/oai-serve.db"],
    ["on Windows", "win32", { LOCALAPPDATA: "C:\\Users\\x" }, "sqlite:C:\\Users\\x\\oai-serve\\oai-serve.db"],
    ["nowhere", "linux", {}, "memory:"],
    ["nowhere on Windows", "win32", { HOME: "/home/x" }, "memory:"],
    ["nowhere, as a relative path is no place", "linux", { XDG_STATE_HOME: "state" }, "memory:"],
  ];
  for (const [name, platform, environment, url] of cases) {
    test(name, () => {
      expect(defaultStore((variable) => environment[variable], platform)).toBe(url);
    });
  }
});
