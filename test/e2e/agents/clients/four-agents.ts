import { afterAll, beforeAll } from "bun:test";
import { startUpstream, type Upstream, type UpstreamScript } from "../../../support/upstream/upstream.ts";
import { type Program, startProgram } from "../program.ts";
import { lastText, messagesOf, toolNamesOf } from "../upstream-body.ts";

/** Ids of one agent of each kind. All of them answer the questions below alike. */
export const kinds = ["function", "declarative", "graph", "team"] as const;

export const questions = {
  hello: "Say hello",
  weather: "Weather in Oslo?",
  place: "Name a place as JSON",
  name: "My name is Alice",
  askName: "What is my name?",
} as const;

export const answers = {
  hello: ["Hello ", "from ", "here."],
  /** After the tool has said R. */
  weather: (result: string) => `It is ${result}.`,
  place: '{"city":"Oslo"}',
  askName: "You are Alice.",
} as const;

/** The call of the client's tool that `questions.weather` leads to. */
export const weatherCall = { name: "get_weather", arguments: { location: "Oslo" } };

const placeSchema = {
  type: "object" as const,
  properties: { city: { type: "string" as const } },
  required: ["city"],
  additionalProperties: false,
};
export const placeFormat = { name: "place", strict: true, schema: placeSchema };

const script: UpstreamScript = (body) => {
  const messages = messagesOf(body);
  const question = lastText(body, "user");
  const last = messages.at(-1);
  if (last?.role === "tool") {
    const isOurs = messages.some(({ toolCalls }) => toolCalls.some(({ name }) => name === "look_up"));
    return { text: isOurs ? `Found: ${last.content}` : answers.weather(last.content) };
  }
  if (question === questions.weather && toolNamesOf(body).includes(weatherCall.name)) {
    return { toolCalls: [weatherCall] };
  }
  if (question === "Look it up") return { toolCalls: [{ name: "look_up", arguments: { key: "it" } }] };
  if (question === "Ask around")
    return { toolCalls: [{ name: "ask_function", arguments: { task: questions.hello } }] };
  if (question === questions.askName) {
    const names = messages.flatMap(({ content }) => /^My name is (\w+)/.exec(content)?.[1] ?? []);
    return { text: `You are ${names.join(", ")}.` };
  }
  return { text: question === questions.place ? answers.place : answers.hello };
};

const source = `
import { defineAgent, END, Graph, createRegistry, tool } from "oai-serve";

const lookUp = tool({
  name: "look_up",
  parameters: { type: "object", properties: { key: { type: "string" } }, required: ["key"] },
  execute: ({ key }) => "what " + key + " is",
});

async function* answer({ messages, tools, userQuery }) {
  const last = messages.at(-1);
  if (last?.role === "tool") yield "It is " + last.content + ".";
  else if (userQuery === ${JSON.stringify(questions.weather)} && tools.length > 0) {
    yield { type: "tool-call", name: "get_weather", arguments: { location: "Oslo" } };
  } else if (userQuery === ${JSON.stringify(questions.askName)}) {
    const names = messages.flatMap(({ content }) => /^My name is (\\w+)/.exec(content)?.[1] ?? []);
    yield "You are " + names.join(", ") + ".";
  } else if (userQuery === ${JSON.stringify(questions.place)}) yield ${JSON.stringify(answers.place)};
  else yield* ${JSON.stringify(answers.hello)};
}

const graph = new Graph({ name: "graph" });
graph.addNode("first", (ctx) => {
  ctx.state.seen = ctx.messages.length;
});
graph.addNode("ask", (ctx) =>
  ctx.generate({
    model: "gpt-4o-mini",
    clientTools: ctx.tools,
    toolChoice: ctx.toolChoice,
    responseFormat: ctx.responseFormat,
  }),
);
graph.addEdge("first", "ask");
graph.addEdge("ask", END);

export const registry = createRegistry();
registry.register("function", defineAgent({ name: "function", description: "Says hello.", run: answer }));
registry.register("declarative", defineAgent({ name: "declarative", model: "gpt-4o-mini", tools: [lookUp] }));
registry.register("graph", graph);
registry.register("team", defineAgent({ name: "team", model: "gpt-4o-mini", agents: ["function"] }));
`;

export interface FourAgents {
  /** Base of the OpenAI routes. */
  url: () => string;
  upstream: () => Upstream;
}

/** The executable with one agent of each kind, for the tests of one file. */
export function serveFourAgents(): FourAgents {
  let running: { program: Program; upstream: Upstream } | undefined;
  beforeAll(async () => {
    const upstream = await startUpstream(script);
    const program = await startProgram("oai-serve --agent agents.ts --port 0", {
      files: { "agents.ts": source },
      environment: { OPENAI_API_KEY: "test-key", OPENAI_BASE_URL: upstream.url },
    });
    running = { program, upstream };
  });
  afterAll(async () => {
    await running?.program.stop();
    await running?.upstream.close();
  });
  const started = () => {
    if (running === undefined) throw new Error("It has not started.");
    return running;
  };
  return { url: () => `${started().program.url}/v1`, upstream: () => started().upstream };
}
