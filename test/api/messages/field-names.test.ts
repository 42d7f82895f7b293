import { describe, expect, test } from "bun:test";
import { createFieldNames, toOurNames } from "../../../src/api/messages/field-names.ts";
import { ServeError } from "../../../src/core/error.ts";

const names = createFieldNames({ messages: ["system", "messages[0]", "messages[2]"], tools: [1, 3] });

describe("a failure in the client's words", () => {
  for (const [param, message, ours, sentence] of [
    ["messages[0].content[0]", "No.", "system", "No."],
    ["messages[2].content[1].image_url.url", "No.", "messages[2]", "No."],
    ["messages[9]", "No.", "messages", "No."],
    ["messages", "'messages' is long.", "messages", "'messages' is long."],
    ["tools[1].function.parameters.type", "No.", "tools[3].input_schema.type", "No."],
    ["tools[0].function.name", "No.", "tools[1].name", "No."],
    ["tools[7]", "No.", "tools", "No."],
    ["stop", "`stop` is long.", "stop_sequences", "`stop_sequences` is long."],
    ["response_format.json_schema.schema", "No.", "output_config.format.schema", "No."],
    ["reasoning_effort", "'reasoning_effort' is odd.", "thinking", "'thinking' is odd."],
    [
      undefined,
      "This is not what 'response_format' asks for.",
      undefined,
      "This is not what 'output_config.format' asks for.",
    ],
  ] as const) {
    test(`about ${param ?? "no field"} is about ${ours ?? "none"}`, () => {
      const cause = new ServeError("invalid_request", message, {
        code: "invalid_value",
        retryAfterSeconds: 2,
        shouldRetry: false,
        ...(param !== undefined && { param }),
      });

      expect(names.reworded(cause)).toMatchObject({
        kind: "invalid_request",
        code: "invalid_value",
        message: sentence,
        retryAfterSeconds: 2,
        shouldRetry: false,
        ...(ours !== undefined && { param: ours }),
      });
    });
  }

  test("that needs no other words is the same one", () => {
    const error = new ServeError("unavailable", "The backend is gone.");

    expect(names.reworded(error)).toBe(error);
  });

  test("that nobody foresaw tells nothing", () => {
    expect(names.reworded(new Error("10.0.0.1"))).toMatchObject({ kind: "internal", code: "internal_error" });
  });
});

test("names in a header are the client's", () => {
  expect(toOurNames(["reasoning_effort", "top_k"])).toEqual(["thinking", "top_k"]);
});
