import type { Workload } from "../load/exchange.ts";
import { openHttpCaller } from "../load/http-caller.ts";
import { memory, type Memory } from "../process-figures.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../subjects/gateway.ts";
import { runOverHttp } from "../subjects/subject.ts";

export interface StreamMemory {
  streams: number;
  afterStart: Memory;
  afterFirstAnswer: Memory;
  /** While all streams are open. */
  open: Memory;
  /** Growth of resident memory for each open stream, in bytes. */
  perStream: number;
}

const settleMs = 1_000;
const samples = 5;
const sampleMs = 200;
const paced: Omit<Workload, "concurrency"> = {
  name: "paced",
  stream: true,
  rpc: "stream",
  tokens: 20,
  paceMs: 250,
};

/** Opens so many streams at once on a server that has served a few. Rejects when an answer was wrong. */
export async function measureOpenStreams(options: GatewayOptions, streams: number): Promise<StreamMemory> {
  const gateway = await startGateway(options);
  try {
    await Bun.sleep(settleMs);
    const afterStart = memory(gateway.pid);
    await runOverHttp(gateway.port, { ...paced, tokens: 1, paceMs: 0, concurrency: 1 }, 0);
    await Bun.sleep(settleMs);
    const afterFirstAnswer = memory(gateway.pid);
    // What the first streams make a server load and compile is not a matter of how many are open.
    await runOverHttp(gateway.port, { ...paced, concurrency: 32 }, 0);
    await Bun.sleep(settleMs);
    const warm = memory(gateway.pid);
    const open = await memoryWhileOpen(gateway, streams);
    return {
      streams,
      afterStart,
      afterFirstAnswer,
      open,
      perStream: (open.rss - warm.rss) / streams,
    };
  } finally {
    await gateway.stop();
  }
}

async function memoryWhileOpen(gateway: Gateway, streams: number): Promise<Memory> {
  const callers = await Promise.all(
    Array.from({ length: streams }, () => openHttpCaller(gateway.port, paced)),
  );
  const count = { begun: 0, ended: 0 };
  const allBegun = Promise.withResolvers<void>();
  const answers = Promise.all(
    callers.map(async (caller, voice) => {
      await caller.ask({ ...paced, kind: "text", voice: voice % 16 }, () => {
        if (++count.begun === streams) allBegun.resolve();
      });
      count.ended++;
    }),
  );
  await Promise.race([allBegun.promise, answers]);
  const seen: Memory[] = [];
  while (seen.length < samples && count.ended === 0) {
    await Bun.sleep(sampleMs);
    seen.push(memory(gateway.pid));
  }
  const wereOpen = count.ended === 0;
  await answers;
  for (const caller of callers) caller.close();
  const middle = seen.toSorted((a, b) => a.rss - b.rss)[samples >> 1];
  if (!wereOpen || middle === undefined)
    throw new Error(`${streams} streams were not open at once for long enough.`);
  return middle;
}
