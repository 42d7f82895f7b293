/** grpc-js says when a message is on the wire only if it is larger than this, its buffer for retries. */
const largeMessageBytes = 1_048_576;
/** Each byte that waits for the server is held twice, by grpc-js and by HTTP/2. */
const maxWaitingBytes = 33_554_432;

/** Lets large messages be sent a few at a time, in order, so that those of many calls are not all in memory. */
export class SendTurns {
  private sendingBytes = 0;
  private readonly queue: Turn[] = [];

  /**
   * Calls `start` when a message of `bytes` may be sent, which for all but large ones is at once. The function that
   * comes back is to be called when the message was sent or is not wanted any more; more than once does no harm.
   */
  enter(bytes: number, start: () => void): () => void {
    if (bytes <= largeMessageBytes) {
      start();
      return () => {};
    }
    const turn: Turn = { bytes, start, state: "waiting" };
    this.queue.push(turn);
    this.advance();
    return () => this.leave(turn);
  }

  private advance(): void {
    for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
      // One that is larger than the limit goes alone.
      if (this.sendingBytes > 0 && this.sendingBytes + next.bytes > maxWaitingBytes) return;
      this.queue.shift();
      this.sendingBytes += next.bytes;
      next.state = "sending";
      next.start();
    }
  }

  private leave(turn: Turn): void {
    const { state } = turn;
    turn.state = "over";
    if (state === "waiting") this.queue.splice(this.queue.indexOf(turn), 1);
    else if (state === "sending") this.sendingBytes -= turn.bytes;
    else return;
    // Not at once: the calls that wait may be about to be canceled together with this one.
    queueMicrotask(() => this.advance());
  }
}

interface Turn {
  bytes: number;
  start: () => void;
  state: "waiting" | "sending" | "over";
}
