/** Whether the run may take its time (`scripts/test --long`). */
const isLong = process.env["OAI_SERVE_TEST_LONG"] === "1";

/** How much of something to do: little in every run, much in a long one. */
export function extent(inEveryRun: number, inLongRun: number): number {
  return isLong ? inLongRun : inEveryRun;
}
