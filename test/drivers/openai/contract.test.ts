import { openaiDriver } from "../../../src/drivers/openai/driver.ts";
import { memoryLog } from "../../support/calls.ts";
import { startUpstream } from "../../support/upstream/upstream.ts";
import { describeDriver } from "../driver-contract.ts";

const before = '{"choices":[{"index":0,"delta":{"content":"';
const after = '"},"finish_reason":null}]}\n\n';

/** Each piece in a read of its own, within the JSON of an event that begins with it. */
async function* frames(pieces: readonly Uint8Array[], isWhole: boolean): AsyncGenerator<Uint8Array | string> {
  if (pieces.length > 0) {
    yield `data: ${before}`;
    for (const piece of pieces) {
      yield piece;
    }
    yield after;
  }
  if (isWhole) yield 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
}

describeDriver("the OpenAI driver", {
  async start({ pieces, ending }) {
    const asked = Promise.withResolvers<void>();
    const canceled = Promise.withResolvers<void>();
    const upstream = await startUpstream((_body, _call, { aborted }) => {
      asked.resolve();
      void aborted.then(canceled.resolve);
      if (ending === "fail" && pieces.length === 0)
        return { whole: { error: { message: "no" } }, status: 500 };
      const endings = { end: "end", fail: "drop", hang: "hang" } as const;
      return { raw: frames(pieces, ending === "end"), ending: endings[ending] };
    });
    const backend = openaiDriver.create(
      { kind: "openai", base_url: upstream.url },
      { id: "test", log: memoryLog(), connectTimeoutMs: 2_000 },
    );
    return {
      backend,
      asked: asked.promise,
      canceled: canceled.promise,
      async close() {
        await backend.close();
        await upstream.close();
      },
    };
  },
});
