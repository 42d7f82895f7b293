import { expect, test } from "bun:test";
import type { ErrorBody } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { post } from "../../support/wire.ts";
import { model, serveCortexFlow } from "./cortex-bed.ts";
import { runProgram } from "./program.ts";
import { readExample, readSnippet } from "./snippets.ts";
import { messagesOf } from "./upstream-body.ts";

describeBlackBox("The Cortex Flow document's parameters", () => {
  const { url, ask, upstream } = serveCortexFlow();

  /** [fields of a request, the field that is refused] */
  const refused = [
    [{ temperature: 2.1 }, "temperature"],
    [{ top_p: 1.1 }, "top_p"],
    [{ presence_penalty: -2.1 }, "presence_penalty"],
    [{ frequency_penalty: 2.1 }, "frequency_penalty"],
    [{ n: 0 }, "n"],
    [{ max_tokens: "many" }, "max_tokens"],
    [{ messages: [] }, "messages"],
    [{ conversation_id: "" }, "conversation_id"],
  ] as const;
  for (const [fields, param] of refused) {
    test(`${JSON.stringify(fields)} is refused by name`, async () => {
      const { status, json } = await post<ErrorBody>(`${url()}/chat/completions`, {
        model,
        messages: [{ role: "user", content: "Hello" }],
        ...fields,
      });

      expect(status).toBe(400);
      expect(json.error).toMatchObject({ type: "invalid_request_error", param });
    });
  }

  test("those of the table reach the model", async () => {
    const fields = { temperature: 0.7, top_p: 0.5, presence_penalty: 0.1, frequency_penalty: 0.2 };

    await ask("Hello", { ...fields, max_tokens: 2_000, user: "user-1" });

    const body = upstream().calls.at(-1)?.body;
    expect(body).toMatchObject(fields);
    expect(body?.["max_completion_tokens"] ?? body?.["max_tokens"]).toBe(2_000);
  });

  test("n gives so many answers", async () => {
    const { json } = await ask("Hello", { n: 3 });

    expect(json.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  test("stop ends the answer", async () => {
    const { json } = await ask("Hello", { stop: ["autonomous"] });

    expect(json.choices[0]?.message.content).toBe("AI agents are ");
  });

  test("OPENAI_COMPAT_MAX_CONTEXT_TOKENS leaves the oldest turns out", async () => {
    const conversation_id = `long-${crypto.randomUUID()}`;

    for (const name of ["first", "second", "third"]) {
      await ask(`${name} ${"word ".repeat(3_000)}`, { conversation_id });
    }

    const seen = messagesOf(upstream().calls.at(-1)?.body ?? {});
    const names = seen.flatMap(({ role, content }) => (role === "user" ? content.split(" ", 1) : []));
    expect(names).toEqual(["second", "third"]);
  });

  test("OPENAI_COMPAT_ENABLE=false serves nothing", async () => {
    const settings = readSnippet("cortex-flow", "settings.env").replace("ENABLE=true", "ENABLE=false");

    const { code, output } = await runProgram("oai-serve --config cortex-flow.yaml --env-file .env", {
      files: { "cortex-flow.yaml": readExample("cortex-flow.yaml"), ".env": settings },
    });

    expect(code).toBe(0);
    expect(output).toContain("OPENAI_COMPAT_ENABLE");
  });
});
