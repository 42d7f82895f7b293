import { Check } from "@sinclair/typebox/value";
import { describe, expect, test } from "bun:test";
import { McpServersFile, ToolsFile } from "../../../src/agents/config/tool-schema.ts";
import { durationSchema } from "../../../src/config/quantity-schema.ts";

test("Durations are checked as those of the configuration", () => {
  const own = durationSchema({ default: "1s", minimum: 1, maximum: 2_000, description: "" });

  expect([Check(own, "1s"), Check(own, "1h")]).toEqual([true, false]);
});

describe("The section tools", () => {
  for (const section of [
    {},
    { http_request: {} },
    {
      http_request: {
        allow_hosts: [
          "api.example",
          "*.cdn.example",
          "*",
          "api.example:8443",
          "93.184.216.34",
          "[2001:db8::1]",
        ],
        allow_private_hosts: ["localhost:3000", "127.0.0.1", "[::1]:8080"],
        methods: ["GET", "DELETE"],
        headers: { "X-Team": "a" },
        host_headers: { "api.example": { Authorization: "Bearer abc" } },
        max_bytes: "64KiB",
        timeout: "5s",
      },
    },
    { file_read: { root: "./data", max_bytes: 1_048_576 } },
  ]) {
    test(`takes ${JSON.stringify(section).slice(0, 60)}`, () => {
      expect(Check(ToolsFile, section)).toBeTrue();
    });
  }

  for (const section of [
    { web_search: {} },
    { http_request: { allow_host: ["a"] } },
    { http_request: { allow_hosts: "a" } },
    { http_request: { allow_hosts: ["https://api.example"] } },
    { http_request: { allow_hosts: ["api.example/path"] } },
    { http_request: { allow_hosts: ["user@api.example"] } },
    { http_request: { allow_hosts: ["a b"] } },
    { http_request: { allow_hosts: ["*.*.example"] } },
    { http_request: { allow_private_hosts: ["*"] } },
    { http_request: { allow_private_hosts: ["*.internal"] } },
    { http_request: { methods: [] } },
    { http_request: { methods: ["CONNECT"] } },
    { http_request: { headers: { "a b": "c" } } },
    { http_request: { headers: { a: "b\nc" } } },
    { http_request: { timeout: "5 days" } },
    { http_request: { timeout: 0 } },
    { http_request: { max_bytes: "1TB" } },
    { file_read: {} },
    { file_read: { root: "" } },
  ]) {
    test(`refuses ${JSON.stringify(section)}`, () => {
      expect(Check(ToolsFile, section)).toBeFalse();
    });
  }
});

describe("The section mcp_servers", () => {
  for (const server of [
    { command: "npx" },
    { command: "npx", args: ["-y", "server"], env: { KEY: "a" }, cwd: "/srv", timeout: "30s" },
    { url: "https://mcp.example/mcp" },
    { url: "http://127.0.0.1:3000/mcp", headers: { Authorization: "Bearer abc" }, timeout: 30 },
  ]) {
    test(`takes ${JSON.stringify(server)}`, () => {
      expect(Check(McpServersFile, { files: server })).toBeTrue();
    });
  }

  for (const servers of [
    { files: {} },
    { files: { command: "a", url: "https://mcp.example" } },
    { files: { url: "mcp.example" } },
    { files: { url: "https://user:secret@mcp.example/" } },
    { files: { command: "" } },
    { files: { command: "a", env: { "A B": "c" } } },
    { files: { command: "a", arguments: [] } },
    { "a.b": { command: "a" } },
    { "": { command: "a" } },
  ]) {
    test(`refuses ${JSON.stringify(servers)}`, () => {
      expect(Check(McpServersFile, servers)).toBeFalse();
    });
  }
});
