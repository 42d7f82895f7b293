import type { Capabilities } from "../../src/core/generation.ts";
import { findProvider, type Provider, providerNames, traitsOf } from "../../src/drivers/openai/providers.ts";
import { toCapabilities, type Traits } from "../../src/drivers/openai/traits.ts";

type Lack = (capabilities: Capabilities, traits: Traits) => boolean;

/** What a provider may be known to lack, from the facts on which the product itself decides. */
const features: readonly [feature: string, lacks: Lack][] = [
  ["`top_k`", ({ sampling }) => !sampling.has("topK")],
  ["`logprobs`", ({ logprobs }) => !logprobs],
  ["`response_format` with a schema", ({ json }) => !json],
  ["forced `tool_choice`", ({ toolChoice }) => !toolChoice],
  ["`/completions`", (_, { completions }) => completions === false],
  ["`/completions` of most models", (_, { completions }) => typeof completions === "object"],
  ["`/embeddings`", ({ embeddings }) => embeddings === undefined],
];

/** The table as Markdown. */
export function providersTable(): string {
  const head = ["`provider`", "Base URL", "Another one", "Key", "`n` at once", "Does not have"];
  const body = providerNames.map((name) => {
    const provider = findProvider(name);
    if (provider === undefined) throw new Error(`There is no provider ${name}.`);
    const { baseUrl, baseUrlVariable } = provider;
    return [`\`${name}\``, `\`${baseUrl}\``, `\`${baseUrlVariable}\``, keyOf(provider), ...factsOf(provider)];
  });
  return [head, head.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function keyOf({ keyVariables, isKeyOptional }: Provider): string {
  const names = keyVariables.map((name) => `\`${name}\``).join(" or ");
  return isKeyOptional === true ? `${names}, if any` : names;
}

function factsOf(provider: Provider): string[] {
  const traits = traitsOf(provider, true);
  const capabilities = toCapabilities(traits, "any");
  const lacking = features.filter(([, lacks]) => lacks(capabilities, traits)).map(([feature]) => feature);
  return [String(traits.choices), lacking.join(", ")];
}
