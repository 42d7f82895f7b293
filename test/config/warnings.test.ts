import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { useSources, type Sources } from "./sources.ts";

const { load, write } = useSources();

describe("what is allowed but hardly meant is a warning", () => {
  const open =
    "Anybody who reaches 0.0.0.0 may use this server: no key is set (--api-key-file, OAI_SERVE_API_KEY).";
  const twoBackends = "backends: { a: { kind: demo }, b: { kind: demo } }";
  const cases: readonly [string, Sources, readonly string[]][] = [
    ["an open address without keys", { flags: { "--host": ["0.0.0.0"] } }, [open]],
    ["not with a key", { flags: { "--host": ["0.0.0.0"] }, environment: { OAI_SERVE_API_KEY: "k" } }, []],
    ["not on loopback", { flags: { "--host": ["::1"] } }, []],
    [
      "a key on the command line",
      { flags: { "--api-key": ["k"] } },
      ["Process lists show the key given by --api-key; --api-key-file or OAI_SERVE_API_KEY hide it."],
    ],
    [
      "a password on the command line",
      { flags: { "--store": ["postgres://user:secret@db/oai"] } },
      ["Process lists show the password given by --store; OAI_SERVE_STORE hides it."],
    ],
    ["not a store without one", { flags: { "--store": ["postgres://user@db/oai"] } }, []],
    ["not one in a variable", { environment: { OAI_SERVE_STORE: "postgres://user:secret@db/oai" } }, []],
    [
      "a misspelled variable",
      { environment: { OAI_SERVE_PROT: "1" } },
      ["OAI_SERVE_PROT is not a variable of this program; did you mean OAI_SERVE_PORT?"],
    ],
    [
      "an unknown variable",
      { environment: { OAI_SERVE_SOMETHING: "1" } },
      ["OAI_SERVE_SOMETHING is not a variable of this program; oai-serve --help lists all."],
    ],
    [
      "a variable with the other beginning",
      { environment: { OAI_SERVE_ENABLE: "false", OPENAI_COMPAT_HOST: "a" } },
      [
        "OAI_SERVE_ENABLE is not a variable of this program; did you mean OPENAI_COMPAT_ENABLE?",
        "OPENAI_COMPAT_HOST is not a variable of this program; did you mean OAI_SERVE_HOST?",
      ],
    ],
    [
      "not a variable that the file asks for",
      { environment: { OAI_SERVE_TEAM_KEY: "k" }, yaml: "auth: { keys: ['${env:OAI_SERVE_TEAM_KEY}'] }" },
      [],
    ],
    [
      "a public id that none of several backends gets",
      { flags: { "--model": ["m"] }, yaml: twoBackends },
      ["--model: has no effect, because none of several backends comes first; name models in the file."],
    ],
    [
      "a public id for a backend whose models have names",
      {
        environment: { OAI_SERVE_MODEL: "m" },
        yaml: "backends: { a: { kind: demo } }\nmodels: { n: { backend: a } }",
      },
      ["OAI_SERVE_MODEL: has no effect, because the file names the models of that backend."],
    ],
    [
      "not a public id for the backend of a flag",
      { flags: { "--model": ["m"], "--anyserve-endpoint": ["a:1"] }, yaml: twoBackends },
      [],
    ],
    ["not a public id for the only backend", { flags: { "--model": ["m"] } }, []],
    [
      "options for Bun",
      { environment: { BUN_OPTIONS: "--preload x" } },
      ["BUN_OPTIONS is set and changes how this program runs; unset it unless that is meant."],
    ],
  ];
  for (const [name, sources, warnings] of cases) {
    test(name, () => {
      expect(load(sources).warnings).toEqual(warnings);
    });
  }

  test.skipIf(process.platform === "win32")("a key file that everybody may read", () => {
    const path = write("open.txt", "key\n");
    const flags = { "--api-key-file": [path] };

    chmodSync(path, 0o644);
    expect(load({ flags }).warnings).toEqual([`Every user of this machine may read the keys in ${path}.`]);
    chmodSync(path, 0o600);
    expect(load({ flags }).warnings).toEqual([]);
  });
});
