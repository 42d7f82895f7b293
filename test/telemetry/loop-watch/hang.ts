import { createLoopWatch } from "../../../src/telemetry/loop-watch/create-loop-watch.ts";
import { createLog } from "../../../src/telemetry/log.ts";

/** Runs an agent that never gives the event loop back: in a step, or after one. */
const lines = { format: "json", level: "info" } as const;
const loopWatch = createLoopWatch({ log: createLog({ ...lines, write() {} }), thresholdMs: 250, lines });

function hang(): never {
  for (;;) Atomics.load(new Int32Array(1), 0);
}

loopWatch.enter("other");
loopWatch.enter("culprit");
// Where it hangs at once, nothing has been sent in a turn of the loop.
if (process.argv[2] === "step") loopWatch.run("culprit", hang);
else setTimeout(hang, 150);
