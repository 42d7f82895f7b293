import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import type { ModelDescription } from "../../src/core/generation.ts";
import { createRegistry, type RegistryOptions } from "../../src/dispatch/registry.ts";
import { memoryLog } from "../support/calls.ts";
import { failureOf } from "../support/failure.ts";
import { scripted, type ScriptedBackend } from "../support/scripted.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function createBackend(
  id: string,
  models: readonly (string | ModelDescription)[] | Error = [],
): ScriptedBackend {
  const described = models instanceof Error ? models : models.map((model) => describeModel(model));
  return scripted([], { id, models: described });
}

function describeModel(model: string | ModelDescription): ModelDescription {
  return typeof model === "string" ? { id: model, ownedBy: "tests" } : model;
}

function registryOf(backends: readonly ScriptedBackend[], options: Partial<RegistryOptions> = {}) {
  return createRegistry({ models: {}, tokenModel: "gpt-4", ...options, backends });
}

const idsOf = (models: readonly { id: string }[]) => models.map(({ id }) => id);

describe("a model named by the operator", () => {
  const backend = createBackend("a", ["other"]);
  const registry = registryOf([backend], {
    models: {
      public: {
        backend: "a",
        target: "internal",
        aliases: ["alias"],
        tokenModel: "gpt-4o",
        maxContextTokens: 100,
      },
      plain: { backend: "a" },
    },
    maxContextTokens: 8_000,
  });

  test("answers under its id and its aliases, and its backend knows it by the target", async () => {
    const model = {
      id: "public",
      target: "internal",
      tokenModel: "gpt-4o",
      contextTokens: 100,
      ownedBy: "tests",
      backend,
    };

    expect(await registry.resolve("public")).toMatchObject(model);
    expect(await registry.resolve("alias")).toMatchObject(model);
  });

  test("takes what it does not say from the rest of the configuration", async () => {
    expect(await registry.resolve("plain")).toMatchObject({
      target: "plain",
      tokenModel: "gpt-4",
      contextTokens: 8_000,
      aliases: [],
    });
  });

  test("is all that its backend serves", async () => {
    expect(idsOf(await registry.list())).toEqual(["public", "plain"]);
    expect(String(await failureOf(registry.resolve("other")))).toContain("does not exist");
  });

  test("has the context and the aliases that its backend tells of it", async () => {
    const described = createBackend("b", [
      { id: "real", ownedBy: "b", aliases: ["always"], contextTokens: 2_048 },
    ]);
    const learning = registryOf([described], { models: { mine: { backend: "b", target: "real" } } });

    expect(await learning.resolve("mine")).toMatchObject({ id: "mine", contextTokens: 2_048 });
    expect(await learning.resolve("always")).toMatchObject({ id: "mine" });
  });

  test("is served although its backend cannot say what it has", async () => {
    const mute = createBackend("c", new Error("down"));
    const served = registryOf([mute], { models: { mine: { backend: "c" } } });

    expect(await served.resolve("mine")).toMatchObject({ id: "mine", target: "mine", ownedBy: "c" });
  });
});

describe("a model named by the operator that its backend was told of", () => {
  const models = {
    here: { backend: "a", target: "here", isTold: true },
    gone: { backend: "a", target: "gone", isTold: true, aliases: ["away"] },
  };

  test("is listed while its backend has it, and found also while it has not", async () => {
    const registry = registryOf([createBackend("a", [{ id: "here", ownedBy: "x", contextTokens: 9 }])], {
      models,
    });

    expect(idsOf(await registry.list())).toEqual(["here"]);
    for (const id of ["gone", "away"])
      expect(await registry.resolve(id)).toMatchObject({ id: "gone", target: "gone", ownedBy: "a" });
    expect((await registry.resolve("gone")).contextTokens).toBeUndefined();
    expect((await registry.resolve(undefined)).id).toBe("here");
  });

  test("is listed as long as its backend cannot say what it has", async () => {
    const registry = registryOf([createBackend("a", new Error("down"))], { models });

    expect(idsOf(await registry.list())).toEqual(["here", "gone"]);
  });
});

test("an id wins over an alias, and of two aliases the first", async () => {
  const registry = registryOf([createBackend("a"), createBackend("b")], {
    models: {
      one: { backend: "a", aliases: ["two", "shared"] },
      two: { backend: "b", aliases: ["shared"] },
    },
  });

  expect((await registry.resolve("two")).id).toBe("two");
  expect((await registry.resolve("shared")).id).toBe("one");
});

test("an unknown id is not found, and the message does not repeat it", async () => {
  const error = await registryOf([createBackend("a", ["m"])])
    .resolve("secret-id")
    .catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ kind: "not_found", code: "model_not_found", param: "model" });
  expect(String(error)).not.toContain("secret-id");
});

describe("a request without a model", () => {
  const ruleless: [string, Partial<RegistryOptions>, readonly ScriptedBackend[], string | undefined][] = [
    ["gets the only model", {}, [createBackend("a", ["m"])], "m"],
    ["is refused when there are two", {}, [createBackend("a", ["m", "n"])], undefined],
    ["gets the configured default", { defaultModel: "n" }, [createBackend("a", ["m", "n"])], "n"],
    [
      "gets the first of the default backend",
      { defaultBackend: "b" },
      [createBackend("a", ["m"]), createBackend("b", ["n", "o"])],
      "n",
    ],
    [
      "gets the configured default before that of the default backend",
      { defaultBackend: "b", defaultModel: "m" },
      [createBackend("a", ["m"]), createBackend("b", ["n"])],
      "m",
    ],
    [
      "is refused when the configured default is not there",
      { defaultModel: "x" },
      [createBackend("a", ["m"])],
      undefined,
    ],
  ];
  for (const [what, options, backends, expected] of ruleless) {
    test(what, async () => {
      const registry = registryOf(backends, options);

      const outcome = await registry.resolve(undefined).catch((error: unknown) => error);

      expect(outcome).toMatchObject(
        expected === undefined
          ? options.defaultModel === undefined
            ? { kind: "invalid_request", code: "missing_required_parameter", param: "model" }
            : { kind: "not_found", code: "model_not_found", param: "model" }
          : { id: expected },
      );
    });
  }
});

describe("models that backends are asked for", () => {
  test("have the backend's own context size, unless the operator set one", async () => {
    const models = [{ id: "m", ownedBy: "x", contextTokens: 4_096 }];

    expect(await registryOf([createBackend("a", models)]).resolve("m")).toMatchObject({
      contextTokens: 4_096,
    });
    expect(
      await registryOf([createBackend("a", models)], { maxContextTokens: 10 }).resolve("m"),
    ).toMatchObject({
      contextTokens: 10,
    });
  });

  test("answer under the aliases that the backend gives", async () => {
    const registry = registryOf([createBackend("a", [{ id: "m", ownedBy: "x", aliases: ["llamacpp"] }])]);

    expect((await registry.resolve("llamacpp")).target).toBe("m");
  });

  test("are published under the operator's name if they are the default backend's first", async () => {
    const registry = registryOf([createBackend("a", ["m", "n"]), createBackend("b", ["o"])], {
      defaultBackend: "a",
      publicModel: "mine",
    });

    expect(idsOf(await registry.list())).toEqual(["mine", "n", "o"]);
    expect(await registry.resolve("mine")).toMatchObject({ target: "m" });
    expect(registry.default()?.id).toBe("mine");
  });

  test("have the same creation time in every list", async () => {
    const registry = registryOf([createBackend("a", ["m"])]);
    const [before] = await registry.list();
    jest.advanceTimersByTime(10_000);

    const [after] = await registry.list();

    expect(after?.created).toBe(before?.created ?? 0);
  });

  test("have the creation time that is given", async () => {
    const registry = registryOf([createBackend("a", ["m"])], { created: 1_234 });

    expect((await registry.list()).map(({ created }) => created)).toEqual([1_234]);
  });

  test("are found when the backend comes up later", async () => {
    let models: ModelDescription[] = [];
    const backend = scripted([], { models: async () => models });
    const registry = registryOf([backend]);
    expect(await failureOf(registry.resolve("m"))).toMatchObject({ kind: "not_found" });
    models = [{ id: "m", ownedBy: "x" }];

    jest.advanceTimersByTime(1_100);

    expect((await registry.resolve("m")).id).toBe("m");
  });

  test("are kept while the backend cannot be asked", async () => {
    let isBroken = false;
    const flaky = scripted([], {
      id: "flaky",
      models: async () => {
        if (isBroken) throw new Error("down");
        return [{ id: "m", ownedBy: "x" }];
      },
    });
    const registry = registryOf([flaky, createBackend("other", ["n"])]);
    await registry.list();
    isBroken = true;
    jest.advanceTimersByTime(1_100);

    expect(idsOf(await registry.list())).toEqual(["m", "n"]);
    expect(flaky.asked.models).toBe(2);
  });

  test("of other backends are there when one fails from the start", async () => {
    const registry = registryOf([createBackend("down", new Error("down")), createBackend("up", ["n"])]);

    expect(idsOf(await registry.list())).toEqual(["n"]);
  });

  test("of other backends are there when one does not answer and takes no notice of its signal", async () => {
    const mute = scripted([], { id: "mute", models: () => Promise.withResolvers<never>().promise });
    const registry = registryOf([mute, createBackend("up", ["n"])]);
    const listed = registry.list();

    jest.advanceTimersByTime(5_100);

    expect(idsOf(await listed)).toEqual(["n"]);
  });

  test("are asked for at most once a second, however many ids are unknown", async () => {
    const backend = createBackend("a", ["m"]);
    const registry = registryOf([backend]);
    for (const id of ["x", "y", "z"]) await registry.resolve(id).catch(() => {});
    jest.advanceTimersByTime(900);
    await registry.resolve("x").catch(() => {});
    expect(backend.asked.models).toBe(1);

    jest.advanceTimersByTime(200);
    await registry.resolve("x").catch(() => {});

    expect(backend.asked.models).toBe(2);
  });

  test("are asked for once by all who miss at the same time", async () => {
    const answered = Promise.withResolvers<readonly ModelDescription[]>();
    const backend = scripted([], { models: () => answered.promise });
    const registry = registryOf([backend]);
    const both = [registry.resolve("m"), registry.resolve("m")];

    answered.resolve([{ id: "m", ownedBy: "x" }]);

    expect(idsOf(await Promise.all(both))).toEqual(["m", "m"]);
    expect(backend.asked.models).toBe(1);
  });

  test("are not asked for again to find a model that is known", async () => {
    const backend = createBackend("a", ["m"]);
    const registry = registryOf([backend]);
    await registry.resolve("m");
    jest.advanceTimersByTime(60_000);

    await registry.resolve("m");

    expect(backend.asked.models).toBe(1);
  });
});

test("an id that a backend may have, but has not said yet, is worth a retry", async () => {
  const registry = registryOf([createBackend("late", new Error("down"))]);

  const outcome = await registry.resolve("its-model").catch((error: unknown) => error);

  expect(outcome).toMatchObject({ kind: "unavailable", code: "upstream_unavailable", retryAfterSeconds: 1 });
});

test("what a backend is taken to serve is served until it says so itself", async () => {
  const presumed = [{ id: "presumed", ownedBy: "a", aliases: ["always"] }];
  const backend = Object.assign(createBackend("a", new Error("down")), { presumed });
  const registry = registryOf([backend], { defaultBackend: "a", publicModel: "mine" });

  for (const id of ["mine", "always", undefined]) {
    expect(await registry.resolve(id)).toMatchObject({ id: "mine", target: "presumed" });
  }
});

test("of two models with one id only one is listed, and the log tells once of the other", async () => {
  const log = memoryLog();
  const registry = registryOf([createBackend("a", ["m"]), createBackend("b", ["m", "n"])], { log });

  const listed = await registry.list();
  jest.advanceTimersByTime(1_100);
  await registry.list();

  expect(listed.map(({ backend }) => backend.id)).toEqual(["a", "b"]);
  expect(log.lines).toEqual(["warn A model cannot be asked for: another has its id"]);
  expect(log.fields).toEqual([{ model: "m", backend: "b", other: "a" }]);
});

describe("what the operator decides about requests", () => {
  const cold = { defaults: { sampling: { temperature: 0 }, extra: {} } };
  const hot = { overrides: { sampling: { temperature: 2 }, extra: {} } };

  test("about all models of a backend holds for those that nobody named", async () => {
    const registry = registryOf([createBackend("a", ["one", "two"]), createBackend("b", ["three"])], {
      presets: { a: cold },
    });

    const models = await registry.list();

    expect(models.map(({ id, defaults }) => ({ id, defaults }))).toEqual([
      { id: "one", ...cold },
      { id: "two", ...cold },
      { id: "three", defaults: undefined },
    ]);
  });

  test("about a model that was named holds for that one", async () => {
    const registry = registryOf([createBackend("a", ["target"])], {
      models: { public: { backend: "a", target: "target", ...hot } },
      presets: { a: cold },
    });

    const model = await registry.resolve("public");

    expect(model).toMatchObject(hot);
    expect(model.defaults).toBeUndefined();
  });
});

function agents(models: readonly ModelDescription[]): ScriptedBackend {
  return { ...scripted([], { id: "agents", models }), isAgent: true };
}

describe("agents", () => {
  const described = { ownedBy: "tests" };

  test("are served private models, which clients neither see nor get", async () => {
    const hidden = { ...createBackend("vendor", ["small"]), isPrivate: true };
    const registry = createRegistry({
      models: {},
      tokenModel: "gpt-4",
      backends: [
        hidden,
        agents([
          { id: "crew", ...described },
          { id: "helper", isPrivate: true, ...described },
        ]),
      ],
    });

    expect(idsOf(await registry.list())).toEqual(["crew"]);
    expect(await failureOf(registry.resolve("small"))).toMatchObject({ code: "model_not_found" });
    expect(await failureOf(registry.resolve("helper"))).toMatchObject({ code: "model_not_found" });
    expect(await registry.resolve("small", "crew")).toMatchObject({ id: "small", isPrivate: true });
    expect(await registry.resolve("helper", "crew")).toMatchObject({ id: "helper" });
  });

  test("with the name of their model get the model and not themselves", async () => {
    const registry = createRegistry({
      models: {},
      tokenModel: "gpt-4",
      backends: [agents([{ id: "llama", ...described }]), createBackend("gpu", ["llama"])],
    });

    expect((await registry.resolve("llama")).backend.id).toBe("agents");
    expect((await registry.resolve("llama", "llama")).backend.id).toBe("gpu");
  });

  test("find elsewhere what no backend has; clients do not", async () => {
    const provider = createBackend("provider");
    const registry = createRegistry({
      models: {},
      tokenModel: "gpt-4",
      backends: [agents([{ id: "crew", ...described }])],
      findElsewhere: (id) => (id === "vendor/x" ? { backend: provider, target: "x" } : undefined),
    });

    expect(await registry.resolve("vendor/x", "crew")).toMatchObject({ id: "vendor/x", target: "x" });
    expect(await failureOf(registry.resolve("vendor/x"))).toMatchObject({ code: "model_not_found" });
    expect(await failureOf(registry.resolve("other", "crew"))).toMatchObject({
      kind: "internal",
      code: "agent_model_not_found",
      param: undefined,
      cause: {
        message: expect.stringContaining("asks for the model 'other', which is not here. Available: none"),
      },
    });
  });

  test("do not find elsewhere what a silent backend may have, unless the id names the place", async () => {
    const provider = createBackend("provider");
    const silent = createBackend("gpu", new Error("not up yet"));
    const registry = createRegistry({
      models: {},
      tokenModel: "gpt-4",
      backends: [agents([{ id: "crew", ...described }]), silent],
      findElsewhere: (id) => ({ backend: provider, target: id.replace("vendor/", "") }),
    });

    expect(await failureOf(registry.resolve("llama", "crew"))).toMatchObject({ kind: "unavailable" });
    expect(await registry.resolve("vendor/llama", "crew")).toMatchObject({ target: "llama" });
  });

  test("are told that a provider has no key only once no backend has the model", async () => {
    const noKey = new Error("no key");
    const create = (models: readonly string[]) =>
      createRegistry({
        models: {},
        tokenModel: "gpt-4",
        backends: [agents([{ id: "crew", ...described }]), createBackend("gpu", models)],
        findElsewhere: () => {
          throw noKey;
        },
      });

    expect(await create(["llama"]).resolve("llama", "crew")).toMatchObject({ id: "llama" });
    expect(await failureOf(create(["other"]).resolve("llama", "crew"))).toBe(noKey);
  });

  test("find elsewhere without asking the backends each time", async () => {
    const gpu = createBackend("gpu", ["llama"]);
    const registry = createRegistry({
      models: {},
      tokenModel: "gpt-4",
      backends: [agents([{ id: "crew", ...described }]), gpu],
      findElsewhere: (id) => ({ backend: createBackend("provider"), target: id }),
    });
    await registry.resolve("other", "crew");
    const asked = gpu.asked.models;
    jest.advanceTimersByTime(10_000);

    await registry.resolve("other", "crew");

    expect(gpu.asked.models).toBe(asked);
  });

  test("one of which is the default answers requests without a model, before a model of the command line", async () => {
    const backends = [
      createBackend("kserve", ["llama"]),
      agents([
        { id: "a", ...described },
        { id: "b", isDefault: true, ...described },
      ]),
    ];
    const registry = createRegistry({ models: {}, tokenModel: "gpt-4", backends, defaultBackend: "kserve" });
    await registry.list();

    expect((await registry.resolve(undefined)).id).toBe("b");
  });

  test("that name no model get the only one there is, never an agent", async () => {
    const crew = agents([{ id: "a", isDefault: true, ...described }]);
    const create = (backends: readonly ScriptedBackend[]) =>
      createRegistry({ models: {}, tokenModel: "gpt-4", backends: [crew, ...backends] });

    expect((await create([createBackend("gpu", ["llama"])]).resolve(undefined, "a")).id).toBe("llama");
    expect(await failureOf(create([]).resolve(undefined, "a"))).toMatchObject({
      code: "agent_model_not_found",
    });
  });
});
