import { describe, expect, test } from "bun:test";
import type { KserveModelSettings } from "../../../src/drivers/kserve/config.ts";
import { createModel } from "../../../src/drivers/kserve/model.ts";
import { toModelSettings } from "../../../src/drivers/kserve/settings.ts";
import { createStreamRoutes } from "../../../src/drivers/kserve/stream-routes.ts";
import { vllm } from "./dialects/models.ts";

function capabilitiesOf(settings: KserveModelSettings) {
  const routes = createStreamRoutes([], () => 0);
  return createModel(vllm, "vllm", toModelSettings(settings, ""), routes).capabilities;
}

const inline = (text: string) => ({ template: { inline: text } });

describe("of what a client says to a chat template, that is taken which the template reads:", () => {
  const cases: readonly (readonly [string, KserveModelSettings, [boolean, boolean, boolean]])[] = [
    ["nothing", { template: "plain" }, [false, false, false]],
    ["whether to think", { template: "qwen" }, [true, false, false]],
    ["documents too", { template: "granite" }, [true, true, false]],
    [
      "only what may be set",
      { template: "qwen", allowed_template_variables: ["thinking"] },
      [false, false, false],
    ],
    [
      "documents, which need no leave",
      { template: "granite", allowed_template_variables: [] },
      [false, true, false],
    ],
    ["how much effort", inline("{{ reasoning_effort }}"), [true, false, true]],
    ["a message's field is no variable", inline("{{ messages[0].reasoning_effort }}"), [false, false, false]],
    ["all", inline("{{ reasoning_effort }}{{ documents }}"), [true, true, true]],
    [
      "effort that may not be set",
      { ...inline("{{ reasoning_effort }}"), allowed_template_variables: [] },
      [false, false, false],
    ],
  ];
  for (const [what, settings, expected] of cases) {
    test(what, () => {
      const { extra, reasoningEffort } = capabilitiesOf(settings);

      expect([extra.has("chat_template_kwargs"), extra.has("documents"), reasoningEffort]).toEqual(expected);
    });
  }
});
