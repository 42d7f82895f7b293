import { describe, expect, test } from "bun:test";
import { createAgentGenerate } from "../../../src/agents/loop/generate.ts";
import { createRunRecord } from "../../../src/agents/loop/record.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { Generate } from "../../../src/core/generate.ts";
import type { CallContext, EventBatch, GenerationRequest } from "../../../src/core/generation.ts";
import { calls, eventsOf, loopBed, says, shown } from "../../support/agents/loop-bed.ts";
import { callContext, textRequest } from "../../support/calls.ts";
import { callDelta, callStart, finish, text, usage } from "../../support/events.ts";
import { rejection } from "../../support/rejection.ts";
import { silence } from "../../support/scripted.ts";

const agents = { researcher: "Finds sources.", writer: "Writes." };

describe("a team", () => {
  test("hands tasks to its agents by calls of tools, and answers with what they said", async () => {
    const { generate, model, record } = loopBed(
      (request) => {
        if (request.model !== "small") return says(`${request.model} on ${shown(request).join()}`, 7);
        return shown(request).length === 1
          ? calls(["ask_writer", { task: "Draft" }], ["ask_researcher", { task: "Look" }])
          : says("All done.");
      },
      { agents },
    );

    const events = await eventsOf(generate({ agents: ["researcher", "writer"] }));

    expect(model.seen[0]?.tools.map(({ name, description }) => [name, description])).toEqual([
      ["ask_researcher", "Finds sources."],
      ["ask_writer", "Writes."],
    ]);
    expect(shown(model.seen.at(-1)).slice(-2)).toEqual([
      "tool result: writer on user: Draft",
      "tool result: researcher on user: Look",
    ]);
    expect(events).toEqual([
      { type: "step", text: "→ writer: Draft" },
      { type: "step", text: "→ researcher: Look" },
      { type: "text", text: "All done." },
      { type: "finish", reason: "stop" },
    ]);
    expect(record).toMatchObject({
      agents: ["writer", "researcher"],
      iterations: 2,
      usage: { promptTokens: 40, completionTokens: 16 },
    });
  });

  test("works at once: an agent can wait for what another does", async () => {
    const written = Promise.withResolvers<void>();
    const { generate, model } = loopBed((request) => {
      if (request.model === "researcher") return [written.promise, ...says("found")];
      if (request.model === "writer") {
        written.resolve();
        return says("wrote");
      }
      return shown(request).length === 1
        ? calls(["ask_researcher", { task: "a" }], ["ask_writer", { task: "b" }])
        : says("ok");
    });

    await generate({ agents: ["researcher", "writer"] }).text();

    expect(shown(model.seen.at(-1)).slice(-2)).toEqual(["tool result: found", "tool result: wrote"]);
  });

  test("works one after the other when asked to", async () => {
    const log: string[] = [];
    const { generate } = loopBed((request) => {
      const { model } = request;
      if (model === "small") {
        return shown(request).length === 1
          ? calls(["ask_researcher", { task: "a" }], ["ask_writer", { task: "b" }])
          : says("ok");
      }
      log.push(`start ${model}`);
      const work = Bun.sleep(20).then(() => log.push(`end ${model}`));
      return [work, ...says(model)];
    });

    await generate({ agents: ["researcher", "writer"], parallelToolCalls: false }).text();

    expect(log).toEqual(["start researcher", "end researcher", "start writer", "end writer"]);
  });

  test("goes on without an agent that fails, and tells its model nothing of the cause", async () => {
    const broken = new ServeError("upstream", "The model server failed.", { cause: "at 10.0.0.1" });
    const { generate, model } = loopBed((request) => {
      if (request.model === "researcher") return [broken];
      if (request.model === "writer")
        return [[{ type: "refusal-delta", choice: 0, text: "I won't." }, finish()]];
      return shown(request).length === 1
        ? calls(["ask_researcher", { task: "a" }], ["ask_writer", { task: "b" }])
        : says("Without them.");
    });

    const answer = await generate({ agents: ["researcher", "writer"] }).text();

    expect(answer).toBe("Without them.");
    expect(shown(model.seen.at(-1)).slice(-2)).toEqual([
      "tool result: Error: The model server failed.",
      "tool result: Error: The agent refused: I won't.",
    ]);
  });

  test("ends its agents when the client leaves", async () => {
    const controller = new AbortController();
    const { generate, model } = loopBed(
      (request) =>
        request.model === "small" ? calls(["ask_writer", { task: "a" }]) : [[text("So")], silence],
      { context: { signal: controller.signal } },
    );
    const failure = rejection(generate({ agents: ["writer"] }).text());
    while (model.calls.length < 2) await new Promise((resolve) => setImmediate(resolve));

    controller.abort(new ServeError("canceled", "The client left."));

    expect(await failure).toMatchObject({ message: "The client left." });
    await model.calls[1]?.ended;
  });

  test("is not limited by the time of tools", async () => {
    const { generate, model } = loopBed(
      (request) => {
        if (request.model === "writer") {
          return [new Promise((resolve) => setTimeout(resolve, 40)), ...says("late")];
        }
        return shown(request).length === 1 ? calls(["ask_writer", { task: "a" }]) : says("ok");
      },
      { limits: { toolTimeoutMs: 10 } },
    );

    await generate({ agents: ["writer"] }).text();

    expect(shown(model.seen.at(-1)).at(-1)).toBe("tool result: late");
  });

  test("may have agents whose ids are no names of tools, however alike they are", async () => {
    const long = "a".repeat(100);
    const ids = ["a.b", "a_b", "a/b", `${long}1`, `${long}2`];
    const { generate, model } = loopBed((request) => {
      if (request.model !== "small") return says(request.model);
      const results = shown(request).slice(2);
      return results.length > 0
        ? says("ok")
        : calls(...request.tools.map(({ name }) => [name, { task: "Go." }] as const));
    });

    await generate({ agents: ids }).text();

    const names = model.seen[0]?.tools.map(({ name }) => name) ?? [];
    expect(names[1]).toBe("ask_a_b");
    expect(names).toEqual(ids.map(() => expect.stringMatching(/^[\w-]{1,64}$/)));
    expect(shown(model.seen.at(-1)).slice(2)).toEqual(ids.map((id) => `tool result: ${id}`));
  });

  test("counts an agent that is asked as a model, and says no more of a model", async () => {
    const { generate, record } = loopBed(() => says("ok"), { agents });

    await generate({ model: "writer" }).text();
    await generate({ model: "small" }).text();

    expect(record.agents).toEqual(["writer"]);
  });
});

test("two agents that hand a task to each other end with the error of the depth, and no model is told", async () => {
  const { environment } = loopBed([]);
  const asked: string[] = [];
  const run = (id: string, request: GenerationRequest, context: CallContext) =>
    createAgentGenerate({
      id,
      agent: { model: "small" },
      request,
      context,
      environment: { ...environment, generate },
      record: createRunRecord(),
    })({ agents: [id === "a" ? "b" : "a"] }).text();
  async function* answer(request: GenerationRequest, context: CallContext): AsyncGenerator<EventBatch> {
    if (request.model !== "small") {
      yield [text(await run(request.model, request, context)), finish(), usage(1, 1)];
      return;
    }
    asked.push(shown(request).join());
    const below = context.callers.at(-1) === "a" ? "b" : "a";
    yield [callStart(0, `ask_${below}`), callDelta(0, '{"task":"Do it."}'), finish("tool-calls")];
  }
  const generate: Generate = async (requests, context) => {
    const [request = textRequest()] = requests;
    if (context.callers.length > 4) {
      throw new ServeError("internal", `Too deep: ${context.callers.join(" → ")}.`, {
        code: "agent_depth_exceeded",
      });
    }
    return {
      model: request.model,
      ignored: [],
      assumed: [],
      requests,
      promptTokens: async () => 1,
      events: answer(request, context),
    };
  };

  const failure = await rejection(run("a", textRequest(), callContext()));

  expect(failure).toMatchObject({ code: "agent_depth_exceeded", message: "Too deep: a → b → a → b → a." });
  expect(asked).toEqual(["user: Hi", "user: Do it.", "user: Do it.", "user: Do it."]);
});
