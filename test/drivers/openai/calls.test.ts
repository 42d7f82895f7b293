import { describe, expect, test } from "bun:test";
import { callContext, run, textOf, textRequest } from "../../support/calls.ts";
import { delta, inShort, startBed } from "./support.ts";

describe("calls of an upstream", () => {
  test("a thousand streams run at once", async () => {
    const count = 1_000;
    const all = Promise.withResolvers<void>();
    await using bed = await startBed((_body, call) => {
      if (call === count) all.resolve();
      async function* chunks() {
        yield delta({ content: "a" });
        await all.promise;
        yield delta({ content: "b" }, "stop");
      }
      return { chunks: chunks() };
    });

    const outcomes = await Promise.all(Array.from({ length: count }, () => bed.ask()));

    expect(bed.upstream.connections).toBe(count);
    expect(outcomes.filter(({ batches }) => textOf(batches) === "ab")).toHaveLength(count);
  }, 30_000);

  test("an abort reaches every one of them", async () => {
    const count = 300;
    await using bed = await startBed(() => ({ chunks: [delta({ content: "a" })], ending: "hang" }));
    const controller = new AbortController();
    const outcomes = Array.from({ length: count }, () =>
      run(bed.backend.generate(textRequest(), callContext(controller.signal))),
    );
    await bed.upstream.called(count);

    controller.abort();

    for (const { failure } of await Promise.all(outcomes))
      expect(failure).toMatchObject({ kind: "canceled" });
    await Promise.all(bed.upstream.calls.map(({ aborted }) => aborted));
    expect(bed.upstream.aborts).toBe(count);
  });

  test("connections are used again", async () => {
    await using bed = await startBed(() => ({ text: "Hi" }));

    for (let call = 0; call < 5; call++) await bed.ask();

    // A call may come before the one ahead of it has given its connection back.
    expect(bed.upstream.connections).toBeLessThanOrEqual(2);
  });

  test("a reader that is slow holds the upstream up", async () => {
    const size = 65_536;
    let sent = 0;
    function* flood() {
      for (let index = 0; index < 2_000; index++) {
        sent++;
        yield `data: ${JSON.stringify(delta({ content: "x".repeat(size) }))}\n\n`;
      }
    }
    await using bed = await startBed(() => ({ raw: flood() }));
    const iterator = bed.backend.generate(textRequest(), callContext())[Symbol.asyncIterator]();

    await iterator.next();
    let before = -1;
    // Until nothing moves any more.
    while (before !== sent) {
      before = sent;
      await Bun.sleep(100);
    }

    expect(sent).toBeLessThan(500);
    await iterator.return?.();
    await bed.upstream.calls[0]?.aborted;
  });

  test("the events of one read come together", async () => {
    const chunks = [delta({ content: "a" }), delta({ content: "b" }), delta({}, "stop")];
    const text = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("");
    await using bed = await startBed(() => ({ raw: [`${text}data: [DONE]\n\n`] }));

    const { batches } = await bed.ask();

    expect(batches.map(inShort)).toEqual([["text a", "text b", "finish stop"]]);
  });

  test("bear the key, the request's id and its trace", async () => {
    await using bed = await startBed(() => ({ text: "Hi" }), {
      config: {
        api_key_env: ["NOT_SET", "THE_KEY"],
        organization: "org-1",
        project: "p",
        headers: { "X-Own": "1" },
      },
      variables: { THE_KEY: "secret" },
    });
    const trace = { parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", state: "a=b" };

    await run(bed.backend.generate(textRequest(), { ...callContext(), trace }));

    expect(bed.upstream.calls[0]?.headers).toMatchObject({
      authorization: "Bearer secret",
      "x-request-id": "req_test",
      traceparent: trace.parent,
      tracestate: trace.state,
      "openai-organization": "org-1",
      "openai-project": "p",
      "x-own": "1",
      "content-type": "application/json",
    });
  });

  test("bear no authorization without a key", async () => {
    await using bed = await startBed(() => ({ text: "Hi" }));

    await bed.ask();

    expect(bed.upstream.calls[0]?.headers).not.toHaveProperty("authorization");
  });
});

const refusal = (param: string, message: string) => ({
  status: 400,
  whole: { error: { message, param, code: "unsupported_parameter" } },
});

const concessions: readonly [string, string, string, (body: Readonly<Record<string, unknown>>) => boolean][] =
  [
    ["without stream_options", "stream_options", "Unknown parameter.", (body) => "stream_options" in body],
    [
      "whole",
      "stream",
      "Your organization must be verified to stream this model.",
      (body) => body["stream"] === true,
    ],
    [
      "with max_completion_tokens",
      "max_tokens",
      "Use 'max_completion_tokens' instead.",
      (body) => "max_tokens" in body,
    ],
  ];

describe("what a server does not take of the way it is asked is put otherwise:", () => {
  for (const [what, param, message, isRefused] of concessions) {
    test(what, async () => {
      await using bed = await startBed((body) =>
        isRefused(body) ? refusal(param, message) : { text: "Hi" },
      );

      const outcomes = [
        await bed.ask({ sampling: { maxTokens: 5 } }),
        await bed.ask({ sampling: { maxTokens: 5 } }),
      ];

      for (const { batches } of outcomes) expect(textOf(batches)).toBe("Hi");
      // The second request is asked right at once.
      expect(bed.upstream.calls.map(({ body }) => isRefused(body))).toEqual([true, false, false]);
      expect(bed.upstream.calls[1]?.body).toMatchObject(
        param === "max_tokens" ? { max_completion_tokens: 5 } : { max_tokens: 5 },
      );
    });
  }

  test("but not again and again", async () => {
    await using bed = await startBed((body) =>
      refusal(
        "max_tokens" in body ? "max_tokens" : "max_completion_tokens",
        "No max_completion_tokens, no max_tokens.",
      ),
    );

    const { failure } = await bed.ask({ sampling: { maxTokens: 5 } });

    expect(failure).toMatchObject({ kind: "invalid_request" });
    expect(bed.upstream.calls).toHaveLength(2);
  });

  test("and what the client asked for is not given up", async () => {
    await using bed = await startBed(() => refusal("temperature", "Unsupported value."));

    const { failure } = await bed.ask({ sampling: { temperature: 0 } });

    expect(failure).toMatchObject({ kind: "invalid_request", param: "temperature" });
    expect(bed.upstream.calls).toHaveLength(1);
  });
});
