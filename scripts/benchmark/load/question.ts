import { calledTool, encodeTask, type Task } from "../task.ts";

/** What a request has besides the task. */
export interface Question {
  model: string;
  /** Tools on offer: one small one, or a hundred with 200 KB of schemas. */
  tools?: "one" | "many";
  /** How much was said before, in tokens of about four letters each. */
  historyTokens?: number;
}

/** Body of a chat completion. All of it is ASCII. */
export function encodeQuestion(question: Question, task: Task, isStream: boolean): string {
  const { model, tools, historyTokens = 0 } = question;
  const last = JSON.stringify({ role: "user", content: encodeTask(task) });
  const messages = [system, ...historyOf(historyTokens), last].join(",");
  const offered = tools === undefined ? "" : `,"tools":${toolLists[tools]}`;
  return `{"model":${JSON.stringify(model)},"messages":[${messages}],"temperature":0.7,"stream":${isStream}${offered}}`;
}

const system = JSON.stringify({ role: "system", content: "You are a helpful assistant." });

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
