import { expect, test } from "bun:test";
import type { ModelFacts } from "../../../src/drivers/kserve/dialects/dialect.ts";
import { createModelList } from "../../../src/drivers/kserve/model-list.ts";

const { signal } = new AbortController();

/** A list whose server gives the answers of `script` one after the other. */
function createScripted(script: readonly (ModelFacts | Error)[]) {
  const clock = { now: 0 };
  let asked = 0;
  const list = createModelList({
    ask() {
      const answer = script[Math.min(asked++, script.length - 1)] ?? {};
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    fallbackId: "llamacpp",
    ownedBy: "anyserve",
    aliases: ["llamacpp"],
    now: () => clock.now,
  });
  return { clock, list, asked: () => asked };
}

test("the server's model has the alias of the documents and its context", async () => {
  const { list } = createScripted([{ name: "tiny", contextTokens: 2_048 }]);

  expect(await list.models(signal)).toEqual([
    { id: "tiny", ownedBy: "anyserve", aliases: ["llamacpp"], contextTokens: 2_048 },
  ]);
  expect(list.contextTokens).toBe(2_048);
});

test("a server that cannot be asked has the model of the documents", async () => {
  const { list } = createScripted([new Error("down")]);

  expect(await list.models(signal)).toEqual([{ id: "llamacpp", ownedBy: "anyserve" }]);
});

test("an answer is kept for a minute and then asked for again", async () => {
  const { clock, list, asked } = createScripted([{ name: "old" }, { name: "new" }]);

  await list.models(signal);
  clock.now = 59_999;
  const [kept] = await list.models(signal);
  clock.now = 60_000;
  const [renewed] = await list.models(signal);

  expect([kept?.id, renewed?.id, asked()]).toEqual(["old", "new", 2]);
});

test("a server that starts late is found within seconds", async () => {
  const { clock, list } = createScripted([new Error("down"), { name: "tiny" }]);

  await list.models(signal);
  clock.now = 2_000;

  expect((await list.models(signal))[0]?.id).toBe("tiny");
});

test("what is known outlives a server that went away", async () => {
  const { clock, list } = createScripted([{ name: "tiny" }, new Error("down")]);

  await list.models(signal);
  clock.now = 60_000;

  expect((await list.models(signal))[0]?.id).toBe("tiny");
});

test("callers at the same time ask once", async () => {
  const { list, asked } = createScripted([{ name: "tiny" }]);

  await Promise.all([list.models(signal), list.models(signal), list.models(signal)]);

  expect(asked()).toBe(1);
});

test("a caller who leaves does not wait for the server", async () => {
  const list = createModelList({
    ask: () => new Promise(() => {}),
    fallbackId: "llamacpp",
    ownedBy: "anyserve",
    aliases: [],
    now: () => 0,
  });
  const controller = new AbortController();
  const models = list.models(controller.signal);

  controller.abort();

  expect((await models)[0]?.id).toBe("llamacpp");
});

for (const name of ["", "two\nlines", "with space", "x".repeat(257), "\u202e"]) {
  test(`a name such as ${JSON.stringify(name.slice(0, 12))} is no id`, async () => {
    const { list } = createScripted([{ name }]);

    expect((await list.models(signal))[0]?.id).toBe("llamacpp");
  });
}
