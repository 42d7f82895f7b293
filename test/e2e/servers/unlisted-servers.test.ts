import { expect, test } from "bun:test";
import { startAnyserve } from "../../support/anyserve/anyserve.ts";
import { expectError } from "../../support/expectations.ts";
import { chatText, type ChatChunk, user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { postStream } from "../../support/wire.ts";
import { ask, listed, pangram, saidBy, untilListed } from "./listed.ts";
import { gateways, kserve, shared, sharedServer } from "./running.ts";

describeBlackBox("Servers that do not list their models", () => {
  const unlisted = ["dynamo", "kserve-python", "ovms"] as const;
  const servers = {
    dynamo: sharedServer([
      { dialect: "dynamo", model: "org/m" },
      { dialect: "dynamo", model: "other" },
    ]),
    "kserve-python": sharedServer([
      { dialect: "kserve-python", model: "org/m" },
      { dialect: "kserve-python", model: "other" },
    ]),
    ovms: sharedServer([
      { dialect: "ovms", model: "org/m" },
      { dialect: "ovms", model: "other" },
    ]),
  };
  const start = gateways();

  for (const dialect of unlisted) {
    test(`${dialect}: --model names the one that is served`, async () => {
      const server = servers[dialect]();
      const { url } = await start({ args: ["--kserve-endpoint", server.endpoint, "--model", "org/m"] });

      expect(await listed(url)).toEqual(["org/m"]);
      for (const model of ["org/m", undefined]) expect(saidBy(await ask(url, model))).toBe(pangram);
      expectError(await ask(url, "other"), { status: 404, code: "model_not_found" });
    });
  }

  test("serve the one that model_name of their backend names", async () => {
    const { url } = await start({
      config: {
        backends: {
          dynamo: kserve(servers.dynamo(), { model_name: "org/m" }),
          kserve: kserve(servers["kserve-python"](), { model_name: "other" }),
        },
      },
    });

    expect(await listed(url)).toEqual(["org/m", "other"]);
    for (const model of ["org/m", "other"]) expect(saidBy(await ask(url, model))).toBe(pangram);
  });

  test("serve a name that they do not have yet once they have it", async () => {
    const server = servers.dynamo();
    const { url } = await start({ args: ["--kserve-endpoint", server.endpoint, "--model", "late"] });
    expect(await listed(url)).toEqual([]);
    expectError(await ask(url, "late"), { status: 404, code: "model_not_found" });

    await server.load({ dialect: "dynamo", model: "late" });

    await untilListed(url, ["late"]);
    expect(saidBy(await ask(url, "late"))).toBe(pangram);
  });

  test("serve the models that the configuration names, as they come and go", async () => {
    const names = unlisted.flatMap((dialect) => [
      [`${dialect}-1`, { backend: dialect, target: "org/m" }] as const,
      [`${dialect}-2`, { backend: dialect, target: "other" }] as const,
    ]);
    const { url } = await start({
      config: {
        backends: Object.fromEntries(unlisted.map((dialect) => [dialect, kserve(servers[dialect]())])),
        models: Object.fromEntries(names),
      },
    });
    await untilListed(
      url,
      names.map(([id]) => id),
    );
    for (const [id] of names) expect(saidBy(await ask(url, id))).toBe(pangram);

    for (const dialect of unlisted) await servers[dialect]().remove("other");
    // Of these it alone says of a model that it has it and that it is not ready.
    await servers["kserve-python"]().setState("org/m", "LOADING");
    await untilListed(url, ["dynamo-1", "ovms-1"]);

    for (const dialect of unlisted) {
      if (dialect !== "kserve-python") expect(saidBy(await ask(url, `${dialect}-1`))).toBe(pangram);
      expectError(await ask(url, `${dialect}-2`), { status: 404, code: "model_not_found" });
    }
  });
});

describeBlackBox("--model before a server with a list", () => {
  const server = sharedServer([{ dialect: "vllm" }, { dialect: "trtllm" }]);
  const start = gateways();

  test("is the public name alone", async () => {
    const { url } = await start({ args: ["--kserve-endpoint", server().endpoint, "--model", "mine"] });

    expect(await listed(url)).toEqual(["mine", "ensemble"]);
    expect(saidBy(await ask(url, "mine"))).toBe(pangram);
    expect((await server().requests()).map(({ model }) => model)).toEqual(["vllm_model"]);
  });
});

describeBlackBox("AnyServe behind --kserve-endpoint", () => {
  const anyserve = shared(
    () => startAnyserve({ echo: {} }),
    (running) => running.stop(),
  );
  const start = gateways();
  const endpoint = () => anyserve().endpoint("echo");

  for (const [what, args] of [
    ["is recognised", []],
    ["is recognised, and its model has the name that one gives it", ["--model", "mine"]],
  ] as const) {
    test(what, async () => {
      const id = args[1] ?? "echo";
      const { url } = await start({ args: ["--kserve-endpoint", endpoint(), ...args] });

      expect(await listed(url)).toEqual([id]);
      for (const model of [id, "llamacpp", undefined])
        expect(saidBy(await ask(url, model))).toBe("Say something.");
      const { chunks } = await postStream<ChatChunk>(`${url}/v1/chat/completions`, user("a b c"));

      expect(chatText(chunks)).toBe("a b c");
      expect((await anyserve().generations("echo")).at(-1)).toMatchObject({ port: "worker" });
    });
  }

  test("keeps its seed's name beside the one that the operator gives", async () => {
    const { url } = await start({
      config: {
        backends: { a: { kind: "kserve", endpoint: endpoint() } },
        models: { mine: { backend: "a" } },
      },
    });

    expect(await listed(url)).toEqual(["mine"]);
    for (const model of ["mine", "llamacpp"]) expect(saidBy(await ask(url, model))).toBe("Say something.");
  });
});
