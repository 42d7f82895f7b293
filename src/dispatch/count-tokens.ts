import type { CountTokens } from "../core/generate.ts";
import { encodingFor } from "../tokens/encoding.ts";
import { countPrompt } from "../tokens/prompt.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { applySettings } from "./defaults.ts";
import type { DispatchDeps } from "./dispatch.ts";
import { askInWords } from "./hold/ask.ts";
import { demandOf } from "./hold/demand.ts";

/** Counts the prompt that the backend would be sent, with what the operator and dispatch put into it. */
export function createCountTokens({
  registry,
  tokens,
  timeouts,
}: Pick<DispatchDeps, "registry" | "tokens" | "timeouts">): CountTokens {
  return async (request, context) => {
    const model = await registry.resolve(request.model === "" ? undefined : request.model);
    const capabilities = await capabilitiesOf(model, context.signal, timeouts);
    const [wanted = request] = applySettings([request], model);
    const demand = demandOf(wanted, capabilities);
    const asked = demand === undefined ? wanted : askInWords(wanted, demand);
    return (await countPrompt(tokens, encodingFor(model.tokenModel), asked)).tokens;
  };
}
