import { callText } from "../servers/tool-fixtures.ts";
import { type Bed, reply, serveModels } from "../servers/bed.ts";

/** What the clients ask. The first line is for the agent, the directive after it for the model (model.py). */
export const questions = {
  hello: reply({ pieces: ["Hello ", "from ", "here."] }, "Say hello."),
  weather: reply(
    // Clients write the arguments anew, each with spaces of its own: only the result is sure to be quoted.
    { text: callText("forecast"), repair_after: "sunny in", repair: { text: "It will be sunny." } },
    "What is the weather like?",
  ),
  handoff: reply(
    { text: callText("transfer_to_weather", {}), repair: { text: "It will be sunny." } },
    "Who knows the weather?",
  ),
  thought: reply({ text: "<think>\nLet me see.\n</think>\n\nIt is so." }, "Think."),
  place: "Name a place.",
  failing: reply({ pieces: ["one ", "two ", "three "], fail_after: 2 }, "Fail."),
  hanging: reply({ pieces: ["one ", "two "], hang: true }, "Go on."),
  name: "My name is Alice.",
  askName: "What is my name?",
  askTools: "What do you know?",
} as const;

/** The tool of every client: its name, its only parameter, and what it says for the city that the model names. */
export const forecast = { name: "forecast", city: "Łódź", result: "sunny in Łódź" } as const;

/** The smallest object of the schema that clients ask for: what the model server makes of a schema. */
export const place = { city: "text" } as const;

/** Of the tool's argument, and of the place asked for. */
export const placeSchema = {
  type: "object" as const,
  properties: { city: { type: "string" as const } },
  required: ["city"],
  additionalProperties: false,
};

const agent = `
import { createRegistry, defineAgent } from "oai-serve";

async function* run({ messages, userQuery }) {
  const last = messages.at(-1);
  if (last?.role === "tool") yield "It is " + last.content + ".";
  else if (userQuery.startsWith("What is the weather")) {
    yield { type: "tool-call", name: "forecast", arguments: { city: ${JSON.stringify(forecast.city)} } };
  } else if (userQuery === ${JSON.stringify(questions.askName)}) {
    const names = messages.flatMap(({ content }) => /^My name is (\\w+)/.exec(content)?.[1] ?? []);
    yield "You are " + names.join(", ") + ".";
  } else if (userQuery === ${JSON.stringify(questions.askTools)}) {
    yield "I know: " + messages.filter(({ role }) => role === "tool").map(({ content }) => content).join() + ".";
  } else yield* ["Hello ", "from ", "here."];
}

export const registry = createRegistry();
registry.register("agent", defineAgent({ name: "agent", description: "Answers.", run }));
`;

/** The executable before a model server of KServe, with the models `model` and `thinker`, and with an `agent`. */
export function serveClients(): Bed {
  return serveModels({
    servers: { triton: [{ dialect: "vllm" }] },
    models: {
      model: { backend: "triton", target: "vllm_model" },
      thinker: { backend: "triton", target: "vllm_model", template: "qwen" },
    },
    files: { "agents.ts": agent },
    args: ["--agent", "agents.ts"],
  });
}
