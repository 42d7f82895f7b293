import { describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import { createEgress } from "../../src/egress/egress.ts";
import { rejection } from "../support/rejection.ts";

const never = new AbortController().signal;

/** Spellings that lead to this machine, its network or a cloud's own services, or that seem to be of another host. */
const hostile: readonly (readonly [what: string, url: string])[] = [
  ["loopback", "http://127.0.0.1/"],
  ["loopback of another number", "http://127.8.8.8/"],
  ["loopback with fewer parts", "http://127.1/"],
  ["loopback as one decimal", "http://2130706433/"],
  ["loopback as one hexadecimal", "http://0x7f000001/"],
  ["loopback as one octal", "http://017700000001/"],
  ["loopback with hexadecimal parts", "http://0x7f.0x0.0x0.0x1/"],
  ["loopback with octal parts", "http://0177.0.0.01/"],
  ["loopback of mixed parts", "http://0x7f.1/"],
  ["loopback with a trailing dot", "http://127.0.0.1./"],
  ["loopback in wide digits", "http://１２７.０.０.１/"],
  ["loopback in circled digits", "http://①②⑦.⓪.⓪.①/"],
  ["loopback with ideographic dots", "http://127。0。0。1/"],
  ["loopback with percent signs", "http://%31%32%37.0.0.1/"],
  ["loopback with an unusual scheme case", "HTTP://127.0.0.1/"],
  ["loopback with backslashes", "http:\\\\127.0.0.1\\"],
  ["loopback without slashes", "http:127.0.0.1"],
  ["loopback behind many slashes", "http://///127.0.0.1/"],
  ["loopback behind a tab", "http://127.0\t.0.1/"],
  ["loopback behind a line end", "http://127.0.0.1\r\n/"],
  ["loopback on another port", "http://127.0.0.1:6379/"],
  ["its name", "http://localhost/"],
  ["its name in capitals", "http://LOCALHOST/"],
  ["its name with a dot", "http://localhost./"],
  ["its name in circled letters", "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/"],
  ["its name with an ideographic dot", "http://localhost。/"],
  ["nowhere", "http://0.0.0.0/"],
  ["nowhere in short", "http://0/"],
  ["this network", "http://0.1.2.3/"],
  ["a private network of 10", "http://10.0.0.1/"],
  ["a private network of 172.16", "http://172.16.0.1/"],
  ["a private network of 172.31", "http://172.31.255.255/"],
  ["a private network of 192.168", "http://192.168.0.1/"],
  ["a private network as a decimal", "http://3232235521/"],
  ["carriers' own network", "http://100.64.0.1/"],
  ["Alibaba's metadata", "http://100.100.100.200/"],
  ["link-local", "http://169.254.1.1/"],
  ["the metadata service", "http://169.254.169.254/latest/meta-data/"],
  ["the metadata service as a decimal", "http://2852039166/"],
  ["the metadata service as a hexadecimal", "http://0xa9fea9fe/"],
  ["the metadata service as octal parts", "http://0251.0376.0251.0376/"],
  ["Oracle's metadata", "http://192.0.0.192/"],
  ["Azure's host", "http://168.63.129.16/"],
  ["6to4 relays", "http://192.88.99.1/"],
  ["a benchmarking network", "http://198.18.0.1/"],
  ["a documentation network", "http://203.0.113.1/"],
  ["multicast", "http://224.0.0.1/"],
  ["reserved addresses", "http://240.0.0.1/"],
  ["broadcast", "http://255.255.255.255/"],
  ["loopback in IPv6", "http://[::1]/"],
  ["loopback in IPv6, written out", "http://[0:0:0:0:0:0:0:1]/"],
  ["nowhere in IPv6", "http://[::]/"],
  ["IPv4 in IPv6", "http://[::ffff:127.0.0.1]/"],
  ["IPv4 in IPv6, in hexadecimal", "http://[::ffff:7f00:1]/"],
  ["IPv4 in IPv6, written out", "http://[0:0:0:0:0:ffff:127.0.0.1]/"],
  ["IPv4-compatible IPv6", "http://[::127.0.0.1]/"],
  ["IPv4-translated IPv6", "http://[::ffff:0:127.0.0.1]/"],
  ["NAT64 of the metadata service", "http://[64:ff9b::169.254.169.254]/"],
  ["NAT64 of a local prefix", "http://[64:ff9b:1::127.0.0.1]/"],
  ["6to4 of loopback", "http://[2002:7f00:1::]/"],
  ["6to4 of a private network", "http://[2002:c0a8:1::1]/"],
  ["Teredo", "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/"],
  ["ISATAP", "http://[2606:2800:220:1:0:5efe:7f00:1]/"],
  ["link-local in IPv6", "http://[fe80::1]/"],
  ["link-local in IPv6 with a zone", "http://[fe80::1%25eth0]/"],
  ["site-local in IPv6", "http://[fec0::1]/"],
  ["a private network in IPv6", "http://[fc00::1]/"],
  ["Amazon's metadata in IPv6", "http://[fd00:ec2::254]/"],
  ["multicast in IPv6", "http://[ff02::1]/"],
  ["documentation in IPv6", "http://[2001:db8::1]/"],
  ["what nobody has in IPv6", "http://[4000::1]/"],
  ["an allowed host as a user name", "http://allowed.test@127.0.0.1/"],
  ["an allowed host as a user name and a password", "http://allowed.test:80@127.0.0.1/"],
  ["a user name at an allowed host", "http://127.0.0.1@allowed.test/"],
  ["an empty user name with a password", "http://:secret@127.0.0.1/"],
  ["a zero byte behind the host", "http://127.0.0.1%00.allowed.test/"],
  ["a space in the host", "http://127.0.0.1 .allowed.test/"],
  ["a file", "file:///etc/passwd"],
  ["a file of this machine", "file://localhost/etc/passwd"],
  ["gopher", "gopher://127.0.0.1:6379/_INFO"],
  ["FTP", "ftp://127.0.0.1/"],
  ["data", "data:text/plain,secret"],
  ["a script", "javascript:alert(1)"],
  ["a socket of the machine", "unix:///var/run/docker.sock"],
  ["no scheme", "//127.0.0.1/"],
  ["nothing", ""],
  ["no address at all", "127.0.0.1"],
];

describe("With every host allowed, no call leads to", () => {
  const egress = createEgress({ allowHosts: ["*"], maxBytes: 65_536, timeoutMs: 5_000 });

  for (const [what, url] of hostile) {
    test(`${what}: ${JSON.stringify(url)}`, async () => {
      const error = await rejection(egress.request({ method: "GET", url, headers: {} }, "url", never));

      expect(error).toMatchObject({ kind: "invalid_request", code: "invalid_value", param: "url" });
      // Not every system's resolver knows all of its own names.
      expect(String(error)).toMatch(/private|http:\/\/ or|user name|not known/);
    });
  }
});

describe("With one host allowed, no other is called that is spelled", () => {
  const egress = createEgress({
    allowHosts: ["allowed.test"],
    maxBytes: 65_536,
    timeoutMs: 5_000,
    lookup: async () => {
      throw new Error("A host that is not allowed was looked up.");
    },
  });

  for (const url of [
    "http://allowed.test.evil.test/",
    "http://evil.test/allowed.test",
    "http://evil.test?allowed.test",
    "http://evil.test#allowed.test",
    "http://evil.test\\.allowed.test/",
    "http://evil.test/@allowed.test/",
    "http://notallowed.test/",
    "http://sub.allowed.test/",
    "http://allowed.test..evil.test/",
    "http://аllowed.test/",
    "http://allowed-test/",
    "http://[::ffff:5db8:d822]/",
  ]) {
    test(url, async () => {
      const error = await rejection(egress.request({ method: "GET", url, headers: {} }, "url", never));

      expect(String(error)).toMatch(/not allowed|http:\/\/ or/);
    });
  }
});

describe("A name", () => {
  test("is looked up once, so that it cannot lead elsewhere afterwards", async () => {
    let reached = 0;
    const server = createServer((_, response) => {
      reached++;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    let asked = 0;
    // Public when it is looked at (of a block that nobody has), this machine ever after, as a name can be that is to be
    // kept for no time.
    const egress = createEgress({
      allowHosts: ["rebinding.test"],
      maxBytes: 65_536,
      timeoutMs: 300,
      lookup: async () =>
        asked++ === 0 ? [{ address: "2d00::1", family: 6 }] : [{ address: "127.0.0.1", family: 4 }],
    });

    const call = { method: "GET", url: `http://rebinding.test:${port}/`, headers: {} };
    const error = await rejection(egress.request(call, "url", never));

    server.close();
    expect(String(error)).toMatch(/could not be fetched|in time/);
    expect({ asked, reached }).toEqual({ asked: 1, reached: 0 });
  });

  for (const addresses of [
    ["93.184.216.34", "127.0.0.1"],
    ["93.184.216.34", "::1"],
    ["2606:2800:220:1:248:1893:25c8:1946", "10.0.0.1"],
  ]) {
    test(`with one private address among ${addresses.join(" and ")} is not called`, async () => {
      const egress = createEgress({
        allowHosts: ["*"],
        maxBytes: 65_536,
        timeoutMs: 5_000,
        lookup: async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      });

      const call = { method: "GET", url: "http://mixed.test/", headers: {} };
      const error = await rejection(egress.request(call, "url", never));

      expect(String(error)).toMatch(/private/);
    });
  }

  test("that nobody knows is refused", async () => {
    const egress = createEgress({
      allowHosts: ["*"],
      maxBytes: 65_536,
      timeoutMs: 5_000,
      lookup: async () => [],
    });

    const call = { method: "GET", url: "http://nobody.test/", headers: {} };
    const error = await rejection(egress.request(call, "url", never));

    expect(String(error)).toMatch(/not known/);
  });
});
