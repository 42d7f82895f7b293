import { type LoadResult, runClosedLoop } from "../load/closed-loop.ts";
import type { Workload } from "../load/exchange.ts";
import { openDirectCallers } from "./direct-caller.ts";

/** Calls the backend on the core that the servers are measured on, for the process that started this one. */
export interface DirectOrder {
  port: number;
  workload: Workload;
  seconds: number;
}

export type DirectReply = { result: LoadResult } | { failure: string };

process.on("message", (order: DirectOrder) => {
  void run(order).then(
    (result) => process.send?.({ result } satisfies DirectReply),
    (error: unknown) => process.send?.({ failure: String(error) } satisfies DirectReply),
  );
});
process.send?.("ready");

async function run({ port, workload, seconds }: DirectOrder): Promise<LoadResult> {
  const callers = openDirectCallers(port, workload.concurrency, workload.rpc);
  try {
    return await runClosedLoop(callers, workload, seconds);
  } finally {
    for (const caller of callers) caller.close();
  }
}
