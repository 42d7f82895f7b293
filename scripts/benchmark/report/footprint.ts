import type { Results } from "../results.ts";
import { grouped, show } from "./statistics.ts";
import type { Table } from "./table.ts";

/** Start, size and memory of oai-serve. */
export function footprintTable({ coldStartMs, streams, sizes, quick }: Results): Table {
  return {
    title: "Start, size and memory of oai-serve",
    head: ["", ""],
    rows: [
      ["cold start to the first 200 of /health", `${show(coldStartMs, 0)} ms`],
      ["executable", megabytes(sizes.raw)],
      [`executable, gzip -${quick ? 1 : 6}`, megabytes(sizes.gzip)],
      [`executable, zstd -${quick ? 1 : 19}`, megabytes(sizes.zstd)],
      ...streams.slice(0, 1).flatMap(({ afterStart, afterFirstAnswer }) => [
        ["memory after the start, RSS / PSS", `${megabytes(afterStart.rss)} / ${megabytes(afterStart.pss)}`],
        [
          "memory after the first answer, RSS / PSS",
          `${megabytes(afterFirstAnswer.rss)} / ${megabytes(afterFirstAnswer.pss)}`,
        ],
      ]),
      ...streams.flatMap((measured) => [
        [
          `memory with ${grouped(measured.streams, 0)} open streams, RSS / PSS`,
          `${megabytes(measured.open.rss)} / ${megabytes(measured.open.pss)}`,
        ],
        [
          `memory for each of ${grouped(measured.streams, 0)} open streams`,
          `${grouped(measured.perStream / 1_024, 1)} KB`,
        ],
      ]),
    ],
  };
}

function megabytes(bytes: number): string {
  return `${grouped(bytes / 1_048_576, 1)} MB`;
}
