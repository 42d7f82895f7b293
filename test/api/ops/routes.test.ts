import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { HealthStatus, Liveness, Readiness, ServerInformation } from "../../../src/api/ops/schema.ts";
import { startApp } from "../../support/app.ts";
import { scripted } from "../../support/scripted.ts";

const keys = ["secret-key-0123456789"];
const up = () => scripted([], { id: "up", endpoint: "10.0.0.1:8001" });
const down = () => scripted([], { id: "down", endpoint: "10.0.0.2:8001", isReady: () => false });

test("the root tells what is served, and where from", async () => {
  await using app = startApp([up(), down()], { defaultBackend: "up" });

  const body: unknown = await (await app.get("/")).json();

  expect(Value.Check(ServerInformation, body)).toBe(true);
  expect(body).toMatchObject({
    name: "oai-serve",
    version: "0.0.0-test",
    status: "ok",
    model: "scripted",
    backend: "10.0.0.1:8001, 10.0.0.2:8001",
    endpoints: expect.arrayContaining([
      "/v1/chat/completions",
      "/v1/completions",
      "/v1/models",
      "/v1/models/{model}",
    ]),
  });
});

test("with keys configured the root needs none, but hides addresses and models", async () => {
  await using app = startApp([up()], { keys, defaultBackend: "up" });

  const response = await app.get("/");
  const body: unknown = await response.json();

  expect(response.status).toBe(200);
  expect(body).toMatchObject({ backend: "up", model: null, models: [] });
  expect(Value.Check(ServerInformation, body)).toBe(true);
});

const healths: [string, ReturnType<typeof scripted>[], number, unknown][] = [
  ["all backends are ready", [up(), up()], 200, { status: "healthy", store: { status: "ok" } }],
  ["one of them is", [down(), up()], 200, { status: "healthy", store: { status: "ok" } }],
  [
    "none of them is",
    [down(), down()],
    503,
    { status: "unhealthy", error: "No backend is ready.", store: { status: "ok" } },
  ],
];
for (const [what, backends, status, expected] of healths) {
  test(`the health is ${status} when ${what}, and needs no key`, async () => {
    await using app = startApp(backends, { keys });

    const response = await app.get("/health");
    const body: unknown = await response.json();

    expect(response.status).toBe(status);
    expect(body).toEqual(expected);
    expect(Value.Check(HealthStatus, body)).toBe(true);
  });
}

test("without its store a server is as healthy as before, and says so", async () => {
  await using app = startApp([up()], { probeStore: () => Promise.reject(new Error("The disk is full.")) });

  const response = await app.get("/health");
  const body: unknown = await response.json();

  expect(response.status).toBe(200);
  expect(body).toEqual({ status: "healthy", store: { status: "unavailable" } });
  expect(Value.Check(HealthStatus, body)).toBe(true);
  expect((await app.get("/ready")).status).toBe(200);
});

test("backends are asked once, however often the health is wanted within a second", async () => {
  const backend = up();
  await using app = startApp([backend]);

  await Promise.all(["/health", "/ready", "/health"].map((path) => app.get(path)));

  expect(backend.asked.ready).toBe(1);
});

test("the process is alive whatever its backends are", async () => {
  await using app = startApp([down()], { keys, isDraining: () => true });

  const response = await app.get("/live");
  const body: unknown = await response.json();

  expect(response.status).toBe(200);
  expect(Value.Check(Liveness, body)).toBe(true);
});

const readiness: [string, ReturnType<typeof scripted>, boolean, number, string][] = [
  ["a backend is ready", up(), false, 200, "ready"],
  ["no backend is ready", down(), false, 503, "not ready"],
  ["the server is shutting down", up(), true, 503, "not ready"],
];
for (const [what, backend, isDraining, status, expected] of readiness) {
  test(`the readiness is ${status} when ${what}`, async () => {
    await using app = startApp([backend], { isDraining: () => isDraining });

    const response = await app.get("/ready");
    const body: unknown = await response.json();

    expect(response.status).toBe(status);
    expect(body).toMatchObject({ status: expected });
    expect(Value.Check(Readiness, body)).toBe(true);
  });
}

test("a server that is not ready any more still serves", async () => {
  await using app = startApp([up()], { isDraining: () => true });

  expect((await app.get("/v1/models")).status).toBe(200);
});
