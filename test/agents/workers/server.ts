import { createAgentWorkers } from "../../../src/agents/workers/create-agent-workers.ts";
import { createContext } from "../load/context.ts";
import { quiet } from "../load/quiet.ts";
import { command } from "./bed.ts";

/** Runs the agent of a folder in a worker process, prints the first thing it says, and waits to be killed. */
const [, , folder = ""] = process.argv;
const { agents } = await createAgentWorkers({ count: 1, files: [folder], command, log: quiet });
const answer = await agents[0]?.agent.run(createContext());
if (typeof answer !== "object" || answer === null || !(Symbol.asyncIterator in answer))
  throw new Error("No stream.");
const first = await answer[Symbol.asyncIterator]().next();
await Bun.write(Bun.stdout, `${String(first.value)}\n`);
setInterval(() => {}, 60_000);
