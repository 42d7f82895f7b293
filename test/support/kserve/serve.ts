import { afterAll, beforeAll } from "bun:test";
import type { Fields } from "../kserve-messages.ts";
import { openRawClient } from "../servers/raw-client.ts";
import type { RawClient } from "../servers/raw-client.ts";
import { startLookAlike } from "./look-alike.ts";
import type { LookAlike, LookAlikeOptions } from "./look-alike.ts";
import { readResponse } from "./tensors.ts";
import type { ReadResponse } from "./tensors.ts";

export interface Bench {
  readonly server: () => LookAlike;
  readonly client: () => RawClient;
  /** The messages of one stream, read. A refusal is one more "message" whose `error` holds `CODE details`. */
  readonly stream: (request: Fields, options?: Parameters<RawClient["stream"]>[1]) => Promise<ReadResponse[]>;
}

/** A look-alike and a client for the tests of one `describe`. */
export function serveLookAlike(options: LookAlikeOptions): Bench {
  let running: { client: RawClient; server: LookAlike } | undefined;
  beforeAll(async () => {
    const server = await startLookAlike(options);
    running = { server, client: openRawClient(server.endpoint) };
  }, 20_000);
  afterAll(async () => {
    running?.client.close();
    await running?.server.close();
  });
  const started = () => {
    if (running === undefined) throw new Error("The look-alike is not running.");
    return running;
  };
  return {
    server: () => started().server,
    client: () => started().client,
    async stream(request, streamOptions) {
      const { messages, refusal } = await started().client.stream(request, streamOptions);
      const form = streamOptions?.answerType === "ModelInferResponse" ? "bare" : "streamed";
      const read = messages.map((message) => readResponse(message, form));
      if (refusal === undefined) return read;
      const error = `${refusal.code} ${refusal.details}`;
      return [...read, { error, id: "", version: "", outputs: {}, shapes: {} }];
    },
  };
}
