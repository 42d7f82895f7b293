import { afterAll, describe, expect, test } from "bun:test";
import { createHttpClient } from "../../src/egress/client.ts";
import { createFetchOver } from "../../src/egress/fetch-over.ts";
import { rejection } from "../support/rejection.ts";

const client = createHttpClient({ connectTimeoutMs: 5_000 });
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/echo") {
      return Response.json({
        method: request.method,
        mine: request.headers.get("x-mine"),
        body: await request.text(),
      });
    }
    if (pathname === "/none") return new Response(null, { status: 204 });
    if (pathname === "/moved") return new Response(null, { status: 302, headers: { location: "/echo" } });
    const isEvents = pathname === "/events";
    const event = isEvents ? "data: 1234567890\n\n" : "1234567890";
    return new Response(event.repeat(100), {
      headers: { "content-type": isEvents ? "text/event-stream" : "text/plain" },
    });
  },
});
afterAll(async () => {
  client.close();
  await server.stop(true);
});

const fetchOver = createFetchOver(client, 500);
const at = (path: string) => `http://127.0.0.1:${server.port}${path}`;

describe("The web's fetch over our own client", () => {
  test("sends what it is given and gives the answer", async () => {
    const response = await fetchOver(at("/echo"), { method: "POST", headers: { "X-Mine": "1" }, body: "ü" });

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ method: "POST", mine: "1", body: "ü" });
  });

  test("gives answers without a body", async () => {
    const response = await fetchOver(at("/none"));

    expect({ status: response.status, text: await response.text() }).toEqual({ status: 204, text: "" });
  });

  test("follows no redirect", async () => {
    expect((await fetchOver(at("/moved"))).status).toBe(302);
  });

  test("has no other methods", async () => {
    expect((await fetchOver(at("/echo"), { method: "DELETE" })).status).toBe(405);
  });

  test("fails while an answer is read that is too long", async () => {
    const response = await fetchOver(at("/long"));

    expect(String(await rejection(response.text()))).toMatch(/more than 500 bytes/);
  });

  test("reads a stream of events however long, while each of them is short", async () => {
    const response = await fetchOver(at("/events"));

    expect((await response.text()).length).toBe(1_800);
  });
});
