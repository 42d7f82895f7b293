import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import type { SecureServerOptions } from "node:http2";
import { createGrpcJsTransport } from "../../../../src/drivers/kserve/transport/grpc-js.ts";
import type { TlsOptions } from "../../../../src/drivers/kserve/transport/tls-credentials.ts";
import { createAuthority } from "../../../support/certificates.ts";
import { startFakeKserve } from "../../../support/fake-kserve.ts";
import type { FakeCall } from "../../../support/fake-kserve.ts";
import { rejection } from "../../../support/rejection.ts";

const authority = createAuthority();
const stranger = createAuthority();
afterAll(() => {
  authority.remove();
  stranger.remove();
});
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const loopback = "DNS:localhost,IP:127.0.0.1";
const good = identity(authority.issue({ names: loopback }));
const elsewhere = identity(authority.issue({ names: "DNS:models.example" }));
const expired = identity(authority.issue({ names: loopback, expired: true }));
const client = authority.issue({ names: "DNS:client" });
const strangerClient = stranger.issue({ names: "DNS:client" });
const asksForClient = { ...good, ca: authority.certificate, requestCert: true, rejectUnauthorized: true };

const trusting: TlsOptions = { ca: authority.certificate };
const own: TlsOptions = { ...trusting, certificate: client.certificate, key: client.key };

const connections: readonly [string, SecureServerOptions, TlsOptions, host: string][] = [
  ["by name", good, trusting, "localhost"],
  ["by address", good, trusting, "127.0.0.1"],
  ["under another name", elsewhere, { ...trusting, serverName: "models.example" }, "127.0.0.1"],
  ["with a client certificate", asksForClient, own, "127.0.0.1"],
];
for (const [what, server, tls, host] of connections) {
  test(`a server is reached ${what}`, async () => {
    expect(await ask(server, tls, host)).toEqual({ answer: "echo" });
  });
}

const refusals: readonly [string, SecureServerOptions | undefined, TlsOptions | undefined, RegExp][] = [
  ["of an unknown authority", good, { ca: stranger.certificate }, /signed by an authority that is not known/],
  ["of no public authority", good, {}, /signed by an authority that is not known/],
  ["that signed itself", identity(authority), { ca: stranger.certificate }, /is self-signed/],
  ["of another name", elsewhere, trusting, /not for the name "127\.0\.0\.1"; tls\.server_name/],
  ["that has expired", expired, trusting, /certificate has expired/],
  ["that wants a client certificate", asksForClient, trusting, /wants a client certificate/],
  [
    "that refuses the client certificate",
    asksForClient,
    { ...trusting, certificate: strangerClient.certificate, key: strangerClient.key },
    /refused the client certificate/,
  ],
  ["that has no TLS", undefined, trusting, /does not speak TLS on this port/],
  ["that has TLS when we have not", good, undefined, /wants TLS; tls is not set/],
];
describe("a server is not reached, and the failure says why,", () => {
  for (const [what, server, tls, reason] of refusals) {
    test(`with a certificate or a server ${what}`, async () => {
      const failure = await rejection(ask(server, tls, "127.0.0.1"));

      expect(failure).toMatchObject({ name: "GrpcError", code: 14, details: expect.stringMatching(reason) });
    });
  }
});

test("a server that is not there is not blamed on TLS", async () => {
  const server = await startFakeKserve(() => {}, 0, good);
  await server.close();

  const failure = await rejection(call(server.endpoint, trusting));

  expect(failure).toMatchObject({ code: 14, details: expect.stringContaining("ECONNREFUSED") });
});

test("a server that accepts and says nothing is given up in the connect time", async () => {
  const silent = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => {
    silent.listen(0, "127.0.0.1", resolve);
  });
  closers.push(async () => void silent.close());
  const address = silent.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;

  const failure = await rejection(call(`127.0.0.1:${port}`, trusting, 200));

  expect(failure).toMatchObject({ code: 14 });
});

test("a server whose certificate was mended is reached by the same transport", async () => {
  const first = await startFakeKserve(echo, 0, expired);
  const transport = connect(first.endpoint, trusting);
  const before = await rejection(transport.unary("/x/ServerReady", new Uint8Array(), options()));
  await first.close();
  const second = await startFakeKserve(echo, first.port, good);
  closers.push(() => second.close());

  await untilReached(transport);

  expect(before).toMatchObject({ details: expect.stringContaining("expired") });
});

function echo(received: FakeCall): void {
  received.send(Buffer.from("echo"));
  received.end();
}

async function ask(
  server: SecureServerOptions | undefined,
  tls: TlsOptions | undefined,
  host: string,
): Promise<{ answer: string }> {
  const running = await startFakeKserve(echo, 0, server);
  closers.push(() => running.close());
  return await call(`${host}:${running.port}`, tls);
}

async function call(
  endpoint: string,
  tls: TlsOptions | undefined,
  connectTimeoutMs = 3_000,
): Promise<{ answer: string }> {
  const answer = await connect(endpoint, tls, connectTimeoutMs).unary(
    "/x/ServerReady",
    new Uint8Array(),
    options(),
  );
  return { answer: Buffer.from(answer).toString() };
}

function connect(endpoint: string, tls: TlsOptions | undefined, connectTimeoutMs = 3_000) {
  const transport = createGrpcJsTransport({
    endpoint,
    maxMessageBytes: 1_048_576,
    connectTimeoutMs,
    keepaliveMs: 300_000,
    ...(tls === undefined ? {} : { tls }),
  });
  closers.push(() => transport.close());
  return transport;
}

async function untilReached(transport: ReturnType<typeof connect>): Promise<void> {
  for (;;) {
    try {
      await transport.unary("/x/ServerReady", new Uint8Array(), options());
      return;
    } catch {
      // The channel waits a little before it connects again.
    }
  }
}

function options() {
  return { signal: new AbortController().signal };
}

function identity({ certificate, key }: { certificate: string; key: string }): SecureServerOptions {
  return { cert: certificate, key };
}
