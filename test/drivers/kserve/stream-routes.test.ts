import { expect, test } from "bun:test";
import { createStreamRoutes } from "../../../src/drivers/kserve/stream-routes.ts";
import type { StreamRoute } from "../../../src/drivers/kserve/stream-routes.ts";
import { GrpcError, grpcStatus } from "../../../src/drivers/kserve/transport/transport.ts";
import type { Transport } from "../../../src/drivers/kserve/transport/transport.ts";

const unused: Transport = {
  unary: () => Promise.reject(new Error("not called")),
  stream: () => ({
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("not called")) }),
  }),
  close: () => Promise.resolve(),
};
const main: StreamRoute = { endpoint: "a:8000", transport: unused, main: true };
const worker: StreamRoute = { endpoint: "a:8100", transport: unused, main: false };
const error = (code: number) => new GrpcError(code, "");

function createClocked() {
  const clock = { now: 0 };
  const routes = createStreamRoutes([main, worker], () => clock.now);
  const due = () => [...routes.due()].map((route) => route.endpoint);
  return { clock, routes, due };
}

test("every route is due at first, in order", () => {
  const { due } = createClocked();

  expect(due()).toEqual(["a:8000", "a:8100"]);
});

const answers: readonly [string, StreamRoute, number, boolean][] = [
  ["UNIMPLEMENTED", main, grpcStatus.unimplemented, true],
  ["NOT_FOUND", main, grpcStatus.notFound, true],
  ["UNAVAILABLE", main, grpcStatus.unavailable, false],
  ["INTERNAL", main, grpcStatus.internal, false],
  ["UNIMPLEMENTED", worker, grpcStatus.unimplemented, true],
  ["UNAVAILABLE", worker, grpcStatus.unavailable, true],
  ["CANCELLED", worker, grpcStatus.cancelled, false],
  ["RESOURCE_EXHAUSTED", worker, grpcStatus.resourceExhausted, false],
];
for (const [name, route, code, missing] of answers) {
  test(`${name} from ${route.endpoint} ${missing ? "leads to the next route" : "is a failure"}`, () => {
    const { routes, due } = createClocked();

    expect(routes.isMissing(route, error(code))).toBe(missing);
    expect(due().includes(route.endpoint)).toBe(!missing);
  });
}

test("a server that does not have the model has the rpc all the same", () => {
  const { routes, due } = createClocked();
  const unknown = new GrpcError(grpcStatus.notFound, "Request for unknown model: 'llama' is not found");

  expect(routes.isMissing(main, unknown)).toBe(false);
  expect(due()).toEqual(["a:8000", "a:8100"]);
});

test("a route that is missing is tried again after a pause, by one call at a time", () => {
  const { clock, routes, due } = createClocked();
  routes.isMissing(worker, error(grpcStatus.unavailable));

  clock.now = 4_999;
  const before = due();
  clock.now = 5_000;
  const [first, second] = [due(), due()];

  expect([before, first, second]).toEqual([["a:8000"], ["a:8000", "a:8100"], ["a:8000"]]);
});

test("the pause grows to five minutes and no further", () => {
  const { clock, routes, due } = createClocked();
  for (let count = 0; count < 12; count++) {
    clock.now += 300_000;
    due();
    routes.isMissing(worker, error(grpcStatus.unavailable));
  }
  const failedAt = clock.now;

  clock.now = failedAt + 299_999;
  const before = due();
  clock.now = failedAt + 300_000;

  expect([before, due()]).toEqual([["a:8000"], ["a:8000", "a:8100"]]);
});

test("a route that works again is due for everybody", () => {
  const { clock, routes, due } = createClocked();
  routes.isMissing(main, error(grpcStatus.unimplemented));
  clock.now = 5_000;
  due();

  routes.worked(main);

  expect([due(), due()]).toEqual([
    ["a:8000", "a:8100"],
    ["a:8000", "a:8100"],
  ]);
});

test("requests that fail together are one failure", () => {
  const { clock, routes, due } = createClocked();
  for (let count = 0; count < 100; count++) routes.isMissing(worker, error(grpcStatus.unavailable));

  clock.now = 5_000;

  expect(due()).toEqual(["a:8000", "a:8100"]);
});

test("a route that has worked is tried again within a second, however often it fails", () => {
  const { clock, routes, due } = createClocked();
  routes.worked(worker);
  for (let count = 0; count < 12; count++) {
    clock.now += 1_000;
    due();
    routes.isMissing(worker, error(grpcStatus.unavailable));
  }
  const failedAt = clock.now;

  clock.now = failedAt + 999;
  const before = due();
  clock.now = failedAt + 1_000;

  expect([before, due()]).toEqual([["a:8000"], ["a:8000", "a:8100"]]);
});
