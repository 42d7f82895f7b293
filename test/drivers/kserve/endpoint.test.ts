import { expect, test } from "bun:test";
import { ConfigError } from "../../../src/core/error.ts";
import { formatEndpoint, neighbour, parseEndpoint } from "../../../src/drivers/kserve/endpoint.ts";

const good: readonly [string, ReturnType<typeof parseEndpoint>][] = [
  ["localhost:8000", { host: "localhost", port: 8000 }],
  ["[::1]:8001", { host: "[::1]", port: 8001 }],
  ["grpc://gpu-a.example:8001", { host: "gpu-a.example", port: 8001, tls: false }],
  ["grpcs://10.0.0.1:443", { host: "10.0.0.1", port: 443, tls: true }],
  ["GRPCS://gpu:443/", { host: "gpu", port: 443, tls: true }],
];
for (const [text, endpoint] of good) {
  test(`${text} is an endpoint`, () => {
    expect(parseEndpoint(text, "endpoint")).toEqual(endpoint);
  });
}

for (const text of [
  "",
  "gpu",
  "gpu:0",
  "gpu:70000",
  "gpu:1/",
  "http://gpu:1",
  "https://gpu:1",
  "grpcs://gpu",
  "grpc://gpu:1/x",
  "gpu:1?x",
]) {
  test(`${JSON.stringify(text)} is not`, () => {
    expect(() => parseEndpoint(text, "backends.a.endpoint")).toThrow(ConfigError);
    expect(() => parseEndpoint(text, "backends.a.endpoint")).toThrow(
      /^backends\.a\.endpoint must be a host and a port/,
    );
  });
}

test("an endpoint is written without its scheme", () => {
  expect(formatEndpoint(parseEndpoint("grpcs://[::1]:443", "endpoint"))).toBe("[::1]:443");
});

test("a neighbour has the same TLS, and there is none past the last port", () => {
  expect(neighbour({ host: "gpu", port: 8000, tls: true }, 100)).toEqual({
    host: "gpu",
    port: 8100,
    tls: true,
  });
  expect(neighbour({ host: "gpu", port: 65_500 }, 100)).toBeUndefined();
});
