import type { Backend } from "../core/generation.ts";
import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import { explainFailure } from "./explain-failure.ts";

const probeMs = 5_000;

/** Warns of each backend that cannot serve now. All are asked at once, for at most 5 seconds. Never rejects. */
export async function probeBackends(backends: readonly Backend[], log: Log): Promise<void> {
  await Promise.all(
    backends.map(async (backend) => {
      const cause = await within<string | undefined>(
        probeMs,
        (signal) => backend.ready(signal).then(nothing, explainFailure),
        () => `no answer in ${probeMs / 1_000} s`,
      );
      if (cause !== undefined) log.warn(`Backend ${backend.id} is not ready`, { cause });
    }),
  );
}

function nothing(): undefined {
  return undefined;
}
