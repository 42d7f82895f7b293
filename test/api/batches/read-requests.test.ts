import { expect, test } from "bun:test";
import { readRequests } from "../../../src/api/batches/input/read-requests.ts";
import { pieceBytes } from "../../../src/api/common/files/pieces.ts";
import { nextTurn } from "../../../src/core/next-turn.ts";
import { chatLine } from "../../support/batch-client.ts";
import { longestTurnMs, maxLargeTurnMs } from "../../support/event-loop.ts";

const limits = { maxBodyBytes: 1 << 20, maxJsonDepth: 16, maxJsonValues: 1_000, bodyTimeoutMs: 1_000 };

async function* partsOf(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    yield bytes.subarray(start, start + pieceBytes);
    // As the store does.
    await nextTurn();
  }
}

for (const [name, text, count] of [
  ["small lines", `${JSON.stringify(chatLine("a"))}\n`.repeat(20_000), 20_000],
  ["lines that are broken", "1\n".repeat(30_000), 30_000],
  ["nothing but line breaks", "\n".repeat(2_000_000), 0],
] as const) {
  test(`a large file holds nobody up: ${name}`, async () => {
    let seen = 0;

    const longest = await longestTurnMs(5, async () => {
      seen = 0;
      const endpoint = "/v1/chat/completions";
      for await (const _ of readRequests(partsOf(text), { endpoint, limits })) seen++;
    });

    expect(seen).toBe(count);
    expect(longest).toBeLessThan(maxLargeTurnMs);
  });
}
