import { describe, expect, test } from "bun:test";
import { ServeError } from "../../../../src/core/error.ts";
import { startWorker } from "../../../../src/core/start-worker.ts";
import type { RenderJob } from "../../../../src/text/templates/jinja/job.ts";
import { createRenderThread } from "../../../../src/text/templates/jinja/thread.ts";
import { rejection } from "../../../support/rejection.ts";

/** Steps are cheap, what they do is not: nothing but the clock ends this. */
const slow =
  "{% set s = 'a' %}" +
  "{% set s = s ~ s %}".repeat(19) +
  "{% set l = range(60000) %}{% for i in range(60000) %}{% if -1 in l %}{% endif %}{% endfor %}";
const quick = { source: "{{ a }}", variables: '{"a":"x"}' };

function create(newWorker = () => startWorker("text/templates/jinja/worker.ts"), runMs = 200) {
  let started = 0;
  const thread = createRenderThread({
    newWorker: () => {
      started++;
      return newWorker();
    },
    startMs: 10_000,
    runMs,
  });
  return {
    run: (job: RenderJob, signal?: AbortSignal) => thread.run(job, signal),
    get started() {
      return started;
    },
    [Symbol.dispose]: () => thread.close(),
  };
}

describe("the thread of templates", () => {
  test("starts with the first job, once", async () => {
    using thread = create();

    expect(thread.started).toBe(0);
    expect(await Promise.all([thread.run(quick), thread.run(quick)])).toEqual([{ text: "x" }, { text: "x" }]);
    expect(thread.started).toBe(1);
  });

  test("is ended by a job that takes too long, and the jobs behind it are done by another", async () => {
    using thread = create();

    const [long, next] = await Promise.all([
      rejection(thread.run({ source: slow, variables: "{}" })),
      thread.run(quick),
    ]);

    expect(long).toBeInstanceOf(ServeError);
    expect(long).toMatchObject({ kind: "internal", code: "chat_template_failed", shouldRetry: false });
    expect(next).toEqual({ text: "x" });
    expect(thread.started).toBe(2);
  });

  test("tells a job that fails from one that the template refuses", async () => {
    using thread = create();

    expect(await thread.run({ source: "{{ 1 + none }}", variables: "{}" })).toEqual({
      failure: expect.any(String),
    });
    expect(await thread.run({ source: "{{", variables: "{}" })).toEqual({ failure: expect.any(String) });
    expect(await thread.run({ source: "{{ raise_exception('no') }}", variables: "{}" })).toEqual({
      refusal: "no",
    });
    expect(thread.started).toBe(1);
  });

  test("that cannot start fails the jobs, one for each attempt", async () => {
    using thread = create(() => {
      throw new Error("no threads");
    });

    const failures = await Promise.all([rejection(thread.run(quick)), rejection(thread.run(quick))]);

    expect(failures.map((failure) => ServeError.from(failure).kind)).toEqual(["internal", "internal"]);
    expect(thread.started).toBe(2);
  });

  test("that dies fails the job that it had", async () => {
    using thread = create(() => new Worker(URL.createObjectURL(new Blob(["throw new Error('dead')"]))));

    expect(await rejection(thread.run(quick))).toMatchObject({ kind: "internal" });
  });

  test("turns jobs away when too many wait", async () => {
    using thread = create();

    const jobs = Array.from({ length: 1_030 }, () => rejection(thread.run(quick)));
    const failures = (await Promise.all(jobs)).filter((failure) => failure !== undefined);

    expect(failures).toHaveLength(6);
    expect(failures[0]).toMatchObject({ kind: "unavailable", code: "server_is_overloaded" });
  });

  test("forgets a job whose client left while it waited", async () => {
    using thread = create(undefined, 2_000);
    const leaving = new AbortController();
    const first = thread.run(quick);
    const left = rejection(thread.run({ source: slow, variables: "{}" }, leaving.signal));
    const next = thread.run(quick);

    leaving.abort(new Error("gone"));

    expect(await left).toMatchObject({ message: "gone" });
    expect(await Promise.all([first, next])).toEqual([{ text: "x" }, { text: "x" }]);
    expect(thread.started).toBe(1);
  });

  test("does not wait for a job that runs when its client leaves, and goes on with the next", async () => {
    using thread = create();
    const leaving = new AbortController();
    await thread.run(quick);
    const left = rejection(thread.run({ source: slow, variables: "{}" }, leaving.signal));
    const next = thread.run(quick);

    leaving.abort(new Error("gone"));

    expect(await left).toMatchObject({ message: "gone" });
    expect(await next).toEqual({ text: "x" });
  });

  test("takes no job of a client that has left", async () => {
    using thread = create();

    expect(await rejection(thread.run(quick, AbortSignal.abort(new Error("gone"))))).toMatchObject({
      message: "gone",
    });
    expect(thread.started).toBe(0);
  });

  test("turns jobs away when too much waits", async () => {
    using thread = create(undefined, 10_000);
    const large = { source: "x", variables: `{"a":"${"x".repeat(70_000_000)}"}` };

    const jobs = Array.from({ length: 3 }, () => rejection(thread.run(large)));
    const failures = (await Promise.all(jobs)).filter((failure) => failure !== undefined);

    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ kind: "unavailable", code: "server_is_overloaded" });
  });

  test("fails what waits when it is closed", async () => {
    const thread = createRenderThread({
      newWorker: () => startWorker("text/templates/jinja/worker.ts"),
      startMs: 10_000,
      runMs: 200,
    });
    const waiting = rejection(thread.run(quick));

    thread.close();

    expect(await waiting).toMatchObject({ kind: "internal" });
  });
});
