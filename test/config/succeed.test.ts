import { expect, test } from "bun:test";
import { succeed } from "../../src/config/succeed.ts";
import { useSources } from "./sources.ts";

const { load } = useSources();

test("what belongs to the socket and the store stays and is named, everything else changes", () => {
  const { config: before } = load({ yaml: "listen: { port: 1, host: a }\nlog: { level: warn }" });
  const { config: after } = load({
    yaml: "listen: { port: 2, host: a, max_body: 1MiB }\nlog: { level: debug }\nstore: sqlite:x.db",
  });

  const { config, kept } = succeed(before, after);

  expect(config.listen).toEqual(before.listen);
  expect(config.store).toBe("memory:");
  expect(config.log).toEqual(after.log);
  expect(kept).toEqual([["listen", "port"], ["listen", "max_body"], ["store"]]);
});

test("nothing is named where nothing of it changes", () => {
  const { config } = load({});

  expect(succeed(config, config)).toEqual({ config, kept: [] });
});
