import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { demoDriver } from "../../../src/drivers/demo/driver.ts";
import { createContext } from "./support.ts";

const configs: readonly (readonly [config: unknown, isValid: boolean])[] = [
  [{ kind: "demo" }, true],
  [{ kind: "demo", delay_ms: 0 }, true],
  [{ kind: "demo", delay_ms: 10_000 }, true],
  [{ kind: "demo", delay_ms: 10_001 }, false],
  [{ kind: "demo", delay_ms: -1 }, false],
  [{ kind: "demo", delay_ms: 1.5 }, false],
  [{ kind: "demo", delay: 5 }, false],
  [{ kind: "kserve" }, false],
];
for (const [config, isValid] of configs) {
  test(`the configuration ${JSON.stringify(config)} is ${isValid ? "valid" : "refused"}`, () => {
    expect(Value.Check(demoDriver.configSchema, config)).toBe(isValid);
  });
}

test("a backend has the id that the configuration gives it", () => {
  const { log } = createContext();

  const backend = demoDriver.create({ kind: "demo" }, { id: "try-me", log, connectTimeoutMs: 1_000 });

  expect(backend).toMatchObject({ id: "try-me", kind: "demo" });
});
