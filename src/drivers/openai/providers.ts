import { toProviderName } from "../../core/provider-name.ts";
import { parseBaseUrl } from "./base-url.ts";
import { generalTraits, type Traits } from "./traits.ts";

/** A known OpenAI-compatible service, or a kind of server that people run themselves. */
export interface Provider {
  /** As `provider:` names it, and as it stands before the slash of `provider/model`. */
  name: ProviderName;
  baseUrl: string;
  /** Where the environment may name another. */
  baseUrlVariable: string;
  /** Variables that may hold the key, the first that is set counts; none where no key is needed. */
  keyVariables: readonly string[];
  /** Serves without a key as well. */
  isKeyOptional?: boolean;
  /** Names of models that are its own. */
  models?: RegExp;
  traits: Partial<Traits>;
}

interface Row extends Omit<Provider, "name" | "baseUrlVariable" | "traits"> {
  traits?: Partial<Traits>;
}

/** Facts by the services' own documentation of their OpenAI-compatible endpoints. */
const rows = {
  openai: {
    baseUrl: "https://api.openai.com/v1",
    keyVariables: ["OPENAI_API_KEY"],
    models: /^(?:(?:gpt|chatgpt|codex|text-embedding)-|o[1-9](?:-|$)|(?:davinci|babbage)-002$|ft:)/,
    traits: {
      choices: 128,
      topK: false,
      completions: /^(?:gpt-3\.5-turbo-instruct|davinci-002|babbage-002|ft:(?:davinci|babbage))/,
      maxTokensField: "max_completion_tokens",
      developerRole: true,
      allowedTools: true,
    },
  },
  gemini: {
    baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
    keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    models: /^(?:models\/)?gemini-/,
    traits: { topK: false, completions: false, logprobs: false },
  },
  anthropic: {
    baseUrl: "https://api.anthropic.com/v1",
    keyVariables: ["ANTHROPIC_API_KEY"],
    models: /^claude-/,
    traits: {
      topK: false,
      completions: false,
      embeddings: false,
      logprobs: false,
      structured: "none",
      enforcesTools: false,
    },
  },
  mistral: {
    baseUrl: "https://api.mistral.ai/v1",
    keyVariables: ["MISTRAL_API_KEY"],
    models: /^(?:open-)?(?:mistral|mixtral|ministral|magistral|codestral|devstral|pixtral)-/,
    traits: { topK: false, completions: false, logprobs: false },
  },
  deepseek: {
    baseUrl: "https://api.deepseek.com/v1",
    keyVariables: ["DEEPSEEK_API_KEY"],
    models: /^deepseek-/,
    traits: { topK: false, completions: false, embeddings: false, structured: "object" },
  },
  xai: {
    baseUrl: "https://api.x.ai/v1",
    keyVariables: ["XAI_API_KEY"],
    models: /^grok-/,
    traits: { topK: false, completions: false },
  },
  groq: {
    baseUrl: "https://api.groq.com/openai/v1",
    keyVariables: ["GROQ_API_KEY"],
    traits: { topK: false, completions: false, embeddings: false, logprobs: false },
  },
  openrouter: {
    baseUrl: "https://openrouter.ai/api/v1",
    keyVariables: ["OPENROUTER_API_KEY"],
  },
  together: {
    baseUrl: "https://api.together.xyz/v1",
    keyVariables: ["TOGETHER_API_KEY"],
  },
  fireworks: {
    baseUrl: "https://api.fireworks.ai/inference/v1",
    keyVariables: ["FIREWORKS_API_KEY"],
  },
  cerebras: {
    baseUrl: "https://api.cerebras.ai/v1",
    keyVariables: ["CEREBRAS_API_KEY"],
    traits: { topK: false, embeddings: false },
  },
  nvidia: {
    baseUrl: "https://integrate.api.nvidia.com/v1",
    keyVariables: ["NVIDIA_API_KEY"],
  },
  huggingface: {
    baseUrl: "https://router.huggingface.co/v1",
    keyVariables: ["HF_TOKEN", "HUGGINGFACE_API_KEY"],
    traits: { completions: false, embeddings: false },
  },
  ollama: { baseUrl: "http://127.0.0.1:11434/v1", keyVariables: ["OLLAMA_API_KEY"], isKeyOptional: true },
  vllm: {
    baseUrl: "http://127.0.0.1:8000/v1",
    keyVariables: ["VLLM_API_KEY"],
    isKeyOptional: true,
    traits: { choices: 128 },
  },
  sglang: {
    baseUrl: "http://127.0.0.1:30000/v1",
    keyVariables: ["SGLANG_API_KEY"],
    isKeyOptional: true,
    traits: { choices: 128 },
  },
  llamacpp: {
    baseUrl: "http://127.0.0.1:8080/v1",
    keyVariables: ["LLAMA_API_KEY"],
    isKeyOptional: true,
  },
  lmstudio: {
    baseUrl: "http://127.0.0.1:1234/v1",
    keyVariables: ["LMSTUDIO_API_KEY"],
    isKeyOptional: true,
  },
} as const satisfies Record<string, Row>;

export type ProviderName = keyof typeof rows;

const providers: ReadonlyMap<string, Provider> = new Map(
  Object.keys(rows)
    .filter(isName)
    .map((name) => [name, toProvider(name, rows[name])]),
);

/** Names of all providers, the hosted ones first. */
export const providerNames: readonly ProviderName[] = [...providers.values()].map(({ name }) => name);

/** The provider of that name; undefined for an unknown one. */
export function findProvider(name: string): Provider | undefined {
  return providers.get(name);
}

/**
 * The provider that a model's name points to, and the name that it knows the model by: `gpt-4o-mini` and
 * `openai/gpt-4o-mini` are OpenAI's `gpt-4o-mini`. Undefined where the name tells nothing.
 */
export function providerOf(model: string): { provider: Provider; target: string } | undefined {
  const slash = model.indexOf("/");
  const named = slash < 1 ? undefined : providers.get(toProviderName(model.slice(0, slash)));
  const target = model.slice(slash + 1);
  if (named !== undefined && target !== "") return { provider: named, target };
  for (const provider of providers.values()) {
    if (provider.models?.test(model) === true) return { provider, target: model };
  }
  return undefined;
}

/** Where the provider is: as the environment says, else its own address. Throws `ConfigError`. */
export function baseUrlOf(
  { baseUrl, baseUrlVariable }: Provider,
  variable: (name: string) => string | undefined,
): { url: string; isOwn: boolean } {
  const given = variable(baseUrlVariable)?.trim() ?? "";
  if (given === "") return { url: baseUrl, isOwn: true };
  return { url: parseBaseUrl(given, baseUrlVariable), isOwn: false };
}

/** What is at the address that stands for a provider: `OPENAI_BASE_URL` is used for servers of all kinds. */
export function traitsOf(provider: Provider | undefined, isOwn: boolean): Traits {
  if (provider === undefined || (provider.name === "openai" && !isOwn)) return generalTraits;
  return { ...generalTraits, ...provider.traits };
}

function isName(name: string): name is ProviderName {
  return Object.hasOwn(rows, name);
}

function toProvider(name: ProviderName, row: Row): Provider {
  return { ...row, name, baseUrlVariable: `${name.toUpperCase()}_BASE_URL`, traits: row.traits ?? {} };
}
