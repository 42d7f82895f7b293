import { kserveDriver } from "../../../src/drivers/kserve/driver.ts";
import { memoryLog } from "../../support/calls.ts";
import { anyserveHandler, startFakeKserve } from "../../support/fake-kserve.ts";
import { tokenMessage } from "../../support/kserve-messages.ts";
import { describeDriver } from "../driver-contract.ts";

describeDriver("the KServe driver", {
  async start({ pieces, ending }) {
    const others = anyserveHandler({ tokens: [], modelName: "tiny" });
    const asked = Promise.withResolvers<void>();
    const canceled = Promise.withResolvers<void>();
    const server = await startFakeKserve(async (call) => {
      if (call.method !== "ModelStreamInfer") return others(call);
      asked.resolve();
      void call.cancelled.then(canceled.resolve);
      for (const piece of pieces) call.send(tokenMessage(piece));
      if (ending === "fail") call.end(13, "exploded");
      if (ending === "end") {
        call.send(tokenMessage("", "stop"));
        call.end();
      }
    });
    const backend = kserveDriver.create(
      { kind: "kserve", dialect: "anyserve", endpoint: server.endpoint },
      { id: "test", log: memoryLog(), connectTimeoutMs: 2_000 },
    );
    return {
      backend,
      asked: asked.promise,
      canceled: canceled.promise,
      async close() {
        await backend.close();
        await server.close();
      },
    };
  },
});
