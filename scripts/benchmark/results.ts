import type { Machine } from "./measure/machine.ts";
import type { StreamMemory } from "./measure/open-streams.ts";
import type { Cell } from "./measure/rounds.ts";
import type { Sizes } from "./measure/size.ts";

/** Everything that one run found out; what `--json` writes. */
export interface Results {
  at: string;
  quick: boolean;
  rounds: number;
  /** Of one measurement. */
  seconds: number;
  machine: Machine;
  /** Why something was not measured. */
  notes: readonly string[];
  cells: readonly Cell[];
  coldStartMs: readonly number[];
  /** The same with agent files; empty where it was not measured. */
  agentStartMs: readonly number[];
  streams: readonly StreamMemory[];
  sizes: Sizes;
}
