/**
 * Why a batch does not go on here: somebody cancelled it, its time is over, somebody else runs it or it is gone, or
 * this server stops.
 */
export type StopReason = "canceled" | "expired" | "lost" | "ending";

export class Stopped extends Error {
  override readonly name = "Stopped";
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super(`The batch is not run on: ${reason}.`);
    this.reason = reason;
  }
}
