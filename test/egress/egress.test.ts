import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import { createEgress, type EgressOptions } from "../../src/egress/egress.ts";
import { isPublic } from "../../src/egress/resolve.ts";
import { rejection } from "../support/rejection.ts";

const loopback: EgressOptions["resolve"] = async () => ({ address: "127.0.0.1", family: 4 });
const egress = (options: Partial<EgressOptions> = {}) =>
  createEgress({
    allowHosts: ["images.test", "*.cdn.test"],
    maxBytes: 65_536,
    timeoutMs: 5_000,
    resolve: loopback,
    ...options,
  });

const never = new AbortController().signal;

describe("Egress", () => {
  let server: Server;
  let port = 0;
  const asked: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.headers.host} ${request.url}`);
      const url = new URL(request.url ?? "/", "http://any");
      const location = url.searchParams.get("to");
      if (location !== null) response.writeHead(302, { location }).end();
      else if (url.pathname === "/loop") response.writeHead(302, { location: "/loop" }).end();
      else if (url.pathname === "/hang") return;
      else if (url.pathname === "/missing") response.writeHead(404).end("nothing");
      else if (url.pathname === "/endless") response.write(Buffer.alloc(70_000));
      else response.writeHead(200, { "content-type": "Image/PNG; charset=x" }).end("pixels");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    port = typeof address === "object" ? (address?.port ?? 0) : 0;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const at = (path: string, host = "images.test") => `http://${host}:${port}${path}`;

  test("fetches from an allowed host, at the address that was looked at", async () => {
    const { bytes, mediaType } = await egress().fetchBytes(at("/a.png"), "url", never);

    expect(new TextDecoder().decode(bytes)).toBe("pixels");
    expect(mediaType).toBe("image/png");
    expect(asked.at(-1)).toBe(`images.test:${port} /a.png`);
  });

  test("fetches from names below an allowed one", async () => {
    const { bytes } = await egress().fetchBytes(at("/a.png", "eu.cdn.test"), "url", never);

    expect(bytes.length).toBe(6);
  });

  test("follows a redirect to an allowed host", async () => {
    const { bytes } = await egress().fetchBytes(at(`/?to=${encodeURIComponent(at("/b.png"))}`), "url", never);

    expect(bytes.length).toBe(6);
  });

  for (const [what, url] of [
    ["another host", () => at("/", "other.test")],
    ["the bare name of a pattern", () => at("/", "cdn.test")],
    ["a name that only ends alike", () => at("/", "evilcdn.test")],
    ["a file", () => "file:///etc/passwd"],
    ["credentials", () => `http://user:secret@images.test:${port}/`],
    ["a redirect to another host", () => at(`/?to=${encodeURIComponent("http://other.test/")}`)],
    ["a redirect to a file", () => at("/?to=file:///etc/passwd")],
    ["endless redirects", () => at("/loop")],
    ["a failure", () => at("/missing")],
    ["an answer that is too large", () => at("/endless")],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const error = await rejection(
        egress().fetchBytes(url(), "messages[0].content[1].image_url.url", never),
      );

      expect(error).toMatchObject({
        kind: "invalid_request",
        code: "invalid_value",
        param: "messages[0].content[1].image_url.url",
      });
      expect(String(error)).not.toMatch(/test|127|secret/);
    });
  }

  test("gives up on a server that says nothing", async () => {
    const error = await rejection(egress({ timeoutMs: 50 }).fetchBytes(at("/hang"), "url", never));

    expect(error).toMatchObject({ kind: "invalid_request", param: "url" });
  });

  for (const host of [
    "localhost",
    "127.0.0.1",
    "169.254.169.254",
    "[::1]",
    "10.0.0.1",
    "[::ffff:127.0.0.1]",
  ]) {
    test(`refuses ${host} even if it is allowed`, async () => {
      const guarded = createEgress({
        allowHosts: ["localhost", "127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]", "[::ffff:7f00:1]"],
        maxBytes: 65_536,
        timeoutMs: 5_000,
      });

      const error = await rejection(guarded.fetchBytes(at("/a.png", host), "url", never));

      expect(error).toMatchObject({ kind: "invalid_request", message: expect.stringContaining("private") });
    });
  }
});

describe("A public address", () => {
  for (const [address, expected] of [
    ["93.184.216.34", true],
    ["2606:2800:220:1:248:1893:25c8:1946", true],
    ["127.0.0.1", false],
    ["0.0.0.0", false],
    ["10.1.2.3", false],
    ["172.16.0.1", false],
    ["192.168.1.1", false],
    ["100.64.0.1", false],
    ["169.254.169.254", false],
    ["224.0.0.1", false],
    ["255.255.255.255", false],
    ["::", false],
    ["::1", false],
    ["fe80::1", false],
    ["fc00::1", false],
    ["fd00:ec2::254", false],
    ["::ffff:169.254.169.254", false],
    ["64:ff9b::a9fe:a9fe", false],
    ["64:ff9b::5db8:d822", true],
    ["64:ff9b:1:a9fe:a9:fe00:5db8:d822", false],
    ["::7f00:1", false],
    ["::93.184.216.34", false],
    ["::ffff:0:127.0.0.1", false],
    ["2001:0:4136:e378:8000:63bf:3fff:fdd2", false],
    ["2606:2800:220:1:0:5efe:7f00:1", false],
    ["2606:2800:220:1:200:5efe:a00:1", false],
    ["fec0::1", false],
    ["2002:7f00:1::", false],
    ["not an address", false],
  ] as const) {
    test(`${expected ? "is" : "is not"} ${address}`, () => {
      expect(isPublic(address)).toBe(expected);
    });
  }
});
