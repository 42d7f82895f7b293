import { describe, expect, test } from "bun:test";
import type { AgentContext, AgentRun } from "../../../src/agents/kit/agent.ts";
import { loadAgentFiles } from "../../../src/agents/load/load-agent-files.ts";
import { createAgentWorkers } from "../../../src/agents/workers/create-agent-workers.ts";
import { ServeError } from "../../../src/core/error.ts";
import { calls, loopBed, says } from "../../support/agents/loop-bed.ts";
import { finish, text, usage } from "../../support/events.ts";
import { silence, type Step } from "../../support/scripted.ts";
import { createContext } from "../load/context.ts";
import { createFolder } from "../load/folder.ts";
import { kit } from "../load/kit.ts";
import { quiet } from "../load/quiet.ts";
import { command, textOf } from "./bed.ts";

interface Behaviour {
  /** Body of `async ({ generate }) => ...`, after `const g = generate(...)` and some words to say it with. */
  run: string;
  /** Of the questions to the model, in their order. */
  script: readonly (readonly Step[])[];
  /** What the agent says, as JSON. */
  says: unknown;
  questions: number;
}

const hello: readonly Step[] = [[text("Hel")], [text("lo")], [finish()], [usage(10, 2)]];
const busy = new ServeError("rate_limited", "Too many.", { code: "too_many" });

/** What a generation is to its reader, whichever process it is read in. */
const behaviours: Readonly<Record<string, Behaviour>> = {
  "is asked once for its text and its result, in any order": {
    run: "return [await g.text(), (await g.result()).usage.promptTokens, await g.text()];",
    script: [hello],
    says: ["Hello", 10, "Hello"],
    questions: 1,
  },
  "is asked once by those who want it at the same time": {
    run: "return await Promise.all([g.text(), g.text(), g.result().then(({ text }) => text)]);",
    script: [hello],
    says: ["Hello", "Hello", "Hello"],
    questions: 1,
  },
  "has its result after it was read as a stream": {
    run: `const read = await words(g);
      const { text, usage, finishReason, iterations } = await g.result();
      return [read, await g.text(), text, usage, finishReason, iterations];`,
    script: [hello],
    says: ["Hello", "Hello", "Hello", { promptTokens: 10, completionTokens: 2 }, "stop", 1],
    questions: 1,
  },
  "gives its result to those who waited for it while it was read": {
    run: `const reading = g[Symbol.asyncIterator]();
      const first = reading.next();
      const result = g.result();
      await first;
      while (!(await reading.next()).done);
      return (await result).text;`,
    script: [hello],
    says: "Hello",
    questions: 1,
  },
  "cannot be read as a stream twice": {
    run: "await words(g); return await words(g).catch(({ message }) => message);",
    script: [hello],
    says: "A generation can be read only once.",
    questions: 1,
  },
  "cannot be read as a stream after it was read as a whole": {
    run: "await g.text(); return await words(g).catch(({ message }) => message);",
    script: [hello],
    says: "A generation can be read only once.",
    questions: 1,
  },
  "is not asked before somebody reads it": {
    run: "return 'nothing';",
    script: [],
    says: "nothing",
    questions: 0,
  },
  "fails alike for everybody who reads it as a whole": {
    run: "return [await g.text().catch(codeOf), await g.result().catch(codeOf)];",
    script: [[busy]],
    says: ["too_many", "too_many"],
    questions: 1,
  },
  "fails with its stream": {
    run: "return [await words(g).catch(codeOf), await g.result().catch(codeOf)];",
    script: [[[text("He")], busy]],
    says: ["too_many", "too_many"],
    questions: 1,
  },
  "has no result when its reader left": {
    run: "for await (const _ of g) break; return await g.result().catch(({ kind, message }) => [kind, message]);",
    script: [[[text("He")], silence]],
    says: ["canceled", "The generation was not read to its end."],
    questions: 1,
  },
  "ends when its reader leaves in the middle of a read": {
    run: `const reading = g[Symbol.asyncIterator]();
      await reading.next();
      const pending = reading.next().then(() => "read", ({ kind }) => kind);
      await reading.return();
      return [await pending, (await reading.next()).done];`,
    script: [[[text("He")], silence]],
    says: ["canceled", true],
    questions: 1,
  },
  "runs tools of the agent while it is read": {
    run: "return [await words(g), (await g.result()).messages.map(({ role }) => role)];",
    script: [calls(["twice", { n: 4 }]), says("Eight.")],
    says: ["Eight.", ["assistant", "tool", "assistant"]],
    questions: 2,
  },
};

const head = `import { defineAgent, tool, Type } from "oai-serve";
const twice = tool({ name: "twice", parameters: Type.Object({ n: Type.Number() }), execute: ({ n }) => n * 2 });
const codeOf = ({ code }) => code;
const words = async (g) => {
  let read = "";
  for await (const events of g) for (const event of events) if (event.type === "text") read += event.text;
  return read;
};
`;

const file =
  head +
  Object.values(behaviours)
    .map(
      (
        { run },
        index,
      ) => `export const agent${index} = defineAgent({ name: "agent${index}", run: async ({ generate }) => {
        const g = generate({ model: "small", tools: [twice] });
        const answer = await (async () => { ${run} })();
        return JSON.stringify(answer);
      } });`,
    )
    .join("\n");

interface Place {
  run(agent: string, context: AgentContext): Promise<string>;
  close(): Promise<void>;
}

const places: Readonly<Record<string, (folder: string) => Promise<Place>>> = {
  async "in the server's process"(folder) {
    const { agents } = await loadAgentFiles({ files: [folder], kit });
    return {
      async run(id, context) {
        const answer = await runOf(agents, id)(context);
        if (typeof answer === "string") return answer;
        throw new Error("It gave no text.");
      },
      close: async () => {},
    };
  },
  async "in a process of its own"(folder) {
    const workers = await createAgentWorkers({ count: 1, files: [folder], command, log: quiet });
    return {
      run: async (id, context) => await textOf(streamOf(runOf(workers.agents, id), context)),
      close: () => workers.close(),
    };
  },
};

for (const [where, start] of Object.entries(places)) {
  describe(`a generation that is read ${where}`, () => {
    for (const [index, [what, behaviour]] of Object.entries(behaviours).entries()) {
      test(what, async () => {
        await using folder = await createFolder({ "agents.ts": file });
        const { generate, model } = loopBed(behaviour.script);
        const place = await start(folder.path);

        const said = await place.run(`agent${index}`, createContext({ generate }));

        expect(JSON.parse(said)).toEqual(behaviour.says);
        expect(model.calls).toHaveLength(behaviour.questions);
        await Promise.all(model.calls.map(({ ended }) => ended));
        await place.close();
      });
    }
  });
}

function runOf(agents: readonly { id: string; agent: { run: AgentRun } }[], id: string): AgentRun {
  const found = agents.find((agent) => agent.id === id);
  if (found === undefined) throw new Error("There is no such agent.");
  return found.agent.run;
}

async function streamOf(run: AgentRun, context: AgentContext) {
  const answer = await run(context);
  if (typeof answer === "object" && answer !== null && Symbol.asyncIterator in answer) return answer;
  throw new Error("It gave no stream.");
}
