import { calledTool, encodeTask, type Task } from "../task.ts";

/** Which of the server's protocols is spoken. */
export type Surface = "chat" | "responses" | "messages";

/** What a request has besides the task. */
export interface Question {
  model: string;
  /** By default chat. */
  surface?: Surface;
  /** Of Responses: whether the answer is to be kept. */
  store?: boolean;
  /** Tools on offer: one small one, or a hundred with 200 KB of schemas. */
  tools?: "one" | "many";
  /** How much was said before, in tokens of about four letters each. */
  historyTokens?: number;
}

/** Body of the request. All of it is ASCII. */
export function encodeQuestion(question: Question, task: Task, isStream: boolean): string {
  const { model, surface = "chat", historyTokens = 0 } = question;
  const last = JSON.stringify({ role: "user", content: encodeTask(task) });
  const turns = [...historyOf(historyTokens), last].join(",");
  const shared = `"model":${JSON.stringify(model)},"temperature":0.7,"stream":${isStream}`;
  return `{${shared},${ownFields[surface](question, turns)}}`;
}

const instructions = JSON.stringify("You are a helpful assistant.");

/** What each protocol calls its own; `turns` are messages as JSON. */
const ownFields: Readonly<Record<Surface, (question: Question, turns: string) => string>> = {
  chat: ({ tools }, turns) =>
    `"messages":[{"role":"system","content":${instructions}},${turns}]${tools === undefined ? "" : `,"tools":${toolLists[tools]}`}`,
  responses: ({ store = false }, turns) =>
    `"instructions":${instructions},"input":[${turns}],"store":${store}`,
  messages: (_, turns) => `"system":${instructions},"messages":[${turns}],"max_tokens":4096`,
};

const sentence = "This is one of many plain sentences that were said before, by turns and at length. ";
const turnLetters = 400;
const histories = new Map<number, readonly string[]>([[0, []]]);

/** Turns of both sides that have so many tokens together, as JSON. */
function historyOf(tokens: number): readonly string[] {
  let turns = histories.get(tokens);
  if (turns === undefined) {
    const content = sentence.repeat(Math.ceil(turnLetters / sentence.length)).slice(0, turnLetters);
    turns = Array.from({ length: Math.floor((tokens * 4) / turnLetters / 2) * 2 }, (_, index) =>
      JSON.stringify({ role: index % 2 === 0 ? "user" : "assistant", content }),
    );
    histories.set(tokens, turns);
  }
  return turns;
}

const schemaLetters = 200_000;
const manyTools = 100;

const toolLists: Readonly<Record<NonNullable<Question["tools"]>, string>> = {
  one: JSON.stringify([createTool(calledTool, 1)]),
  many: JSON.stringify([
    createTool(calledTool, 1),
    ...Array.from({ length: manyTools - 1 }, createLargeTool),
  ]),
};

function createLargeTool(_: unknown, index: number) {
  const ofProperty = JSON.stringify(createTool("", 1)).length - JSON.stringify(createTool("", 0)).length;
  return createTool(`tool_${index}`, Math.ceil(schemaLetters / manyTools / ofProperty));
}

function createTool(name: string, count: number) {
  const properties = Array.from({ length: count }, (_, index) => [
    index === 0 ? "text" : `field_${index}`,
    { type: "string", description: "What is to be written here, in plain words.", maxLength: 10_000 },
  ]);
  return {
    type: "function",
    function: {
      name,
      description: "Writes a text.",
      parameters: { type: "object", properties: Object.fromEntries(properties), required: ["text"] },
    },
  };
}
