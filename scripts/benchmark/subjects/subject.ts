import { type LoadResult, runClosedLoop } from "../load/closed-loop.ts";
import type { Workload } from "../load/exchange.ts";
import { openHttpCaller } from "../load/http-caller.ts";

/** Something whose speed is measured. */
export interface Subject {
  /** As the tables call it. */
  name: string;
  /** Of the process whose costs are counted. */
  pid: number;
  serves(workload: Workload): boolean;
  run(workload: Workload, seconds: number): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** Asks a server that speaks the OpenAI API, from this process. */
export async function runOverHttp(port: number, workload: Workload, seconds: number): Promise<LoadResult> {
  const callers = await Promise.all(
    Array.from({ length: workload.concurrency }, () => openHttpCaller(port, workload)),
  );
  try {
    return await runClosedLoop(callers, workload, seconds);
  } finally {
    for (const caller of callers) caller.close();
  }
}
