import { afterEach, expect, test } from "bun:test";
import { createGrpcJsTransport } from "../../../../src/drivers/kserve/transport/grpc-js.ts";
import { startFakeKserve } from "../../../support/fake-kserve.ts";
import { rejection } from "../../../support/rejection.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start() {
  const server = await startFakeKserve((call) => {
    call.send(Buffer.from("ok"));
    call.end();
  });
  closers.push(() => server.close());
  const transport = createGrpcJsTransport({
    endpoint: server.endpoint,
    maxMessageBytes: 1_048_576,
    connectTimeoutMs: 2_000,
    keepaliveMs: 300_000,
  });
  closers.unshift(() => transport.close());
  const call = (metadata?: Record<string, string>) =>
    transport.unary("/x/ServerReady", new Uint8Array(), {
      signal: new AbortController().signal,
      ...(metadata === undefined ? {} : { metadata }),
    });
  return { server, call };
}

test("a call's metadata reaches the server, that in base64 as its bytes", async () => {
  const { server, call } = await start();

  await call({ "triton-grpc-protocol-infer": "secret", "trace-bin": "AAEC/w==" });

  const { headers } = server.calls[0] ?? {};
  expect(headers).toMatchObject({ "triton-grpc-protocol-infer": "secret" });
  expect(String(headers?.["trace-bin"]).replace(/=+$/, "")).toBe("AAEC/w");
});

test("the metadata of one call does not come with the next", async () => {
  const { server, call } = await start();

  await call({ "x-request-id": "1" });
  await call();

  expect(server.calls.map(({ headers }) => headers["x-request-id"])).toEqual(["1", undefined]);
});

for (const [name, value] of [
  ["x-key", "two\nlines"],
  ["x key", "value"],
] as const) {
  test(`metadata that gRPC does not allow fails the call that brings it: ${JSON.stringify({ [name]: value })}`, async () => {
    const { server, call } = await start();

    const failure = await rejection(call({ [name]: value }));

    expect(failure).toMatchObject({
      name: "GrpcError",
      code: 13,
      details: "metadata that gRPC does not allow",
    });
    expect(server.calls).toHaveLength(0);
  });
}
