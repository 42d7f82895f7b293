import type OpenAI7 from "openai-node-7";

export interface NodeGeneration {
  id: "openai-node-6" | "openai-node-7";
  name: string;
  OpenAI: typeof OpenAI7;
  /** A client that does not retry. */
  connect: (baseURL: string) => OpenAI7;
}

/**
 * The two generations of openai-node under test. What the tests use of them has one shape in both, so that the
 * newer one's types stand for the older one as well.
 */
export const nodeGenerations: readonly NodeGeneration[] = [
  await load("openai-node 6.49", "openai-node-6"),
  await load("openai-node 7.55", "openai-node-7"),
];

async function load(name: string, id: NodeGeneration["id"]): Promise<NodeGeneration> {
  const { OpenAI }: { OpenAI: typeof OpenAI7 } = await import(id);
  return { id, name, OpenAI, connect: (baseURL) => new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 }) };
}
