import { afterAll, beforeAll, describe, expect } from "bun:test";
import { clientTest } from "../../support/client-matrix/client-test.ts";
import type { Client, Feature, Surface } from "../../support/client-matrix/rows.ts";
import { failureOf } from "../../support/clients/failure.ts";
import type { Bed } from "../servers/bed.ts";
import { forecast, place, questions } from "./bed.ts";
import type { Ask, Driver } from "./driver.ts";

export interface Subject {
  client: Client;
  surface: Surface;
  driver: Driver;
}

/** The tests that all clients have in common. */
export function describeClient(bed: Bed, { client, surface, driver }: Subject): void {
  const check = (feature: Feature, name: string, body: () => Promise<void>) =>
    clientTest({ client, surface, feature }, name, body);
  const ask = (question: string, more: Partial<Ask> = {}): Ask => ({
    baseUrl: bed.url(),
    model: "model",
    question,
    ...more,
  });

  describe(`${client} on ${surface}`, () => {
    beforeAll(() => driver.start?.(), 60_000);
    afterAll(() => driver.stop?.());

    check("text", "a whole answer", async () => {
      expect(await driver.text(ask(questions.hello))).toBe("Hello from here.");
    });

    check("streaming", "a stream, piece by piece", async () => {
      const pieces = await driver.streaming(ask(questions.hello));

      // The first chunk of a chat has the role and no text.
      expect(pieces.filter((piece) => piece !== "")).toEqual(["Hello ", "from ", "here."]);
    });

    describeTools(bed, { driver, check, ask });
    describeHandoff(bed, { driver, check, ask });
    describeErrors({ driver, check, ask });

    const { structured, reasoning, abort } = driver;
    if (structured !== undefined) {
      check("structured", "an object by its schema", async () => {
        expect(await structured(ask(questions.place))).toEqual(place);
      });
    }

    if (reasoning !== undefined) {
      check("reasoning", "the thought apart from the answer", async () => {
        expect(await reasoning(ask(questions.thought, { model: "thinker" }))).toEqual({
          reasoning: expect.stringContaining("Let me see."),
          text: "It is so.",
        });
      });
    }

    if (abort !== undefined) {
      check("aborts", "leaving a stream ends the call at the model server", async () => {
        await abort(ask(questions.hanging));

        expect(await bed.server("triton").cancelled(1)).toHaveLength(1);
      });
    }

    describeConversations(bed, { driver, check, ask });
  });
}

interface Parts {
  driver: Driver;
  check: (feature: Feature, name: string, body: () => Promise<void>) => void;
  ask: (question: string, more?: Partial<Ask>) => Ask;
}

function describeTools(bed: Bed, { driver, check, ask }: Parts): void {
  const model = "agent";
  check("agents", "an agent's whole answer", async () => {
    expect(await driver.text(ask(questions.hello, { model }))).toBe("Hello from here.");
  });

  check("agents", "an agent's stream", async () => {
    const pieces = await driver.streaming(ask(questions.hello, { model }));

    expect(pieces.join("")).toBe("Hello from here.");
  });

  for (const [how, run] of [
    ["whole", driver.tools],
    ["streamed", driver.streamedTools],
  ] as const) {
    if (run === undefined) continue;
    check("tools", `a tool of the client runs, and the answer follows, ${how}`, async () => {
      expect(await run(ask(questions.weather))).toBe("It will be sunny.");

      const [, second] = await bed.arrived();
      expect(second?.prompt).toContain(forecast.result);
    });

    check("agents", `a tool of the client runs for an agent, ${how}`, async () => {
      const text = await run(ask(questions.weather, { model }));

      expect(text).toBe(`It is ${forecast.result}.`);
    });
  }
}

function describeHandoff(bed: Bed, { driver, check, ask }: Parts): void {
  const { handoff } = driver;
  if (handoff === undefined) return;
  check("tools", "one agent of the client hands over to another", async () => {
    expect(await handoff(ask(questions.handoff))).toEqual({ agent: "weather", text: "It will be sunny." });

    const [first, second] = await bed.arrived();
    expect(first?.prompt).not.toContain("You know the weather.");
    expect(second?.prompt).toContain("You know the weather.");
  });
}

function describeConversations(bed: Bed, { driver, check, ask }: Parts): void {
  for (const [way, converse] of Object.entries(driver.conversations ?? {})) {
    check("conversations", `the second turn knows the first, by ${way}`, async () => {
      await converse(ask(questions.name), "And now?");

      const [, second] = await bed.arrived();
      expect(second?.prompt).toContain(questions.name);
      expect(second?.prompt).toEndWith("And now?<|im_end|>\n<|im_start|>assistant\n");
    });

    check("conversations", `an agent's second turn knows the first, by ${way}`, async () => {
      const text = await converse(ask(questions.name, { model: "agent" }), questions.askName);

      expect(text).toBe("You are Alice.");
    });
  }

  for (const [way, converse] of Object.entries(driver.toolConversations ?? {})) {
    check("conversations", `the second turn knows what a tool said, by ${way}`, async () => {
      await converse(ask(questions.weather), "And now?");

      const [, , third] = await bed.arrived();
      expect(third?.prompt).toContain(forecast.result);
      expect(third?.prompt).toEndWith("And now?<|im_end|>\n<|im_start|>assistant\n");
    });

    check("conversations", `an agent's second turn knows what a tool said, by ${way}`, async () => {
      const text = await converse(ask(questions.weather, { model: "agent" }), questions.askTools);

      expect(text).toBe(`I know: ${forecast.result}.`);
    });
  }
}

function describeErrors({ driver, check, ask }: Parts): void {
  check("errors", "a model that does not exist", async () => {
    const failure = await failureOf(driver.text(ask(questions.hello, { model: "nobody" })));

    expect(failure.classes).toContain(driver.errors.unknownModel);
    expect(failure.status).toBe(404);
  });

  check("errors", "a value out of range", async () => {
    const failure = await failureOf(driver.text(ask(questions.hello, { temperature: 99 })));

    expect(failure.classes).toContain(driver.errors.badValue);
    expect(failure).toMatchObject({ status: 400, message: expect.stringContaining("temperature") });
  });

  check("errors", "a model that fails in the middle of a stream", async () => {
    const failure = await failureOf(driver.streaming(ask(questions.failing)));

    expect(failure.classes).toContain(driver.errors.midStream);
    // Not a status in place of a stream: the first words had come.
    expect(failure.status).not.toBe(502);
  });
}
