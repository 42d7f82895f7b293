import { runAgentWorker } from "../../../src/agents/workers/run-agent-worker.ts";
import { kit } from "../load/kit.ts";

process.exit(await runAgentWorker({ kit }));
