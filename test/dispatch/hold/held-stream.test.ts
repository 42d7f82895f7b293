import { expect, test } from "bun:test";
import { startApp } from "../../support/app.ts";
import { finish, text } from "../../support/events.ts";
import { scripted } from "../../support/scripted.ts";

const body = {
  messages: [{ role: "user", content: "Hi" }],
  response_format: { type: "json_object" },
  stream: true,
};

test("a stream whose answer is held back is kept alive, and then has the answer or the failure", async () => {
  for (const [value, expected] of [
    ['{"a":1}', '"content":"{\\"a\\":1}"'],
    ["no JSON", "response_format_not_met"],
  ] as const) {
    const gate = Promise.withResolvers<void>();
    const backend = scripted([[text(value)], gate.promise, [finish()]], { capabilities: { json: false } });
    await using app = startApp([backend], { headStartMs: 1, keepAliveMs: 10, maxRepairs: 0 });

    const response = await app.post("/v1/chat/completions", body);
    let received = "";
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      received += decoder.decode(bytes, { stream: true });
      if (received.includes(": keep-alive")) gate.resolve();
    }

    expect(response.status).toBe(200);
    expect(received.indexOf(": keep-alive")).toBeLessThan(received.indexOf(expected));
    expect(received).toContain(expected);
    expect(received).toEndWith("data: [DONE]\n\n");
    expect(received).not.toContain('"content":"no JSON"');
  }
});

test("a failure before anything was given out is a status, streaming or not", async () => {
  for (const stream of [true, false]) {
    const backend = scripted([[text("no JSON"), finish()]], { capabilities: { json: false } });
    await using app = startApp([backend]);

    const response = await app.post("/v1/chat/completions", { ...body, stream });

    expect(response.status).toBe(502);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await response.json()).toMatchObject({
      error: { code: "response_format_not_met", type: "server_error" },
    });
    expect(backend.calls).toHaveLength(3);
  }
});
