import { expect, test } from "bun:test";
import { probeFlags, singleBackend } from "../../src/config/single-backend.ts";
import { useSources } from "./sources.ts";

const { load } = useSources();

test("only the server that is probed is left, with what flags and file say of it", () => {
  const { config } = load({
    flags: probeFlags(
      {
        "--model": ["llama"],
        "--tls": ["true"],
        "--anyserve-endpoint": ["b:2"],
        "--openai-base-url": ["http://e:5/v1"],
        "--agent": ["a.ts"],
      },
      "a:1",
    ),
    environment: { OAI_SERVE_KSERVE_ENDPOINT: "c:3,d:4", OAI_SERVE_MODEL: "public" },
    yaml: "backends: { other: { kind: demo } }\nmodels: { n: { backend: other } }\ndefault_model: n\nagents: { a: { model: n } }",
  });

  const single = singleBackend(config, "llama");

  expect(single.backends).toEqual({
    kserve: { kind: "kserve", endpoint: "a:1", tls: true, model_name: "public" },
  });
  expect(single.models).toEqual({ llama: { backend: "kserve", target: "llama", settings: {} } });
  expect(single.agents).toMatchObject({ files: [], definitions: {} });
  expect([single.defaultModel, single.publicModel]).toEqual([undefined, undefined]);
});

test("without a model's name the server says what it has", () => {
  const { config } = load({ flags: probeFlags({}, "a:1") });

  expect(singleBackend(config, undefined).models).toEqual({});
});
