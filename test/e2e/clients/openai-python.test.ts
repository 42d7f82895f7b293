import { pythonGenerations } from "../../support/clients/python.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { serveClients } from "./bed.ts";
import { pythonDriver } from "./python-driver.ts";
import { describeClient } from "./scenarios.ts";

const has = ["tools", "streamedTools", "structured", "reasoning", "abort"] as const;
const errors = { unknownModel: "NotFoundError", badValue: "BadRequestError" };

describeBlackBox("openai-python", () => {
  const bed = serveClients();

  for (const generation of pythonGenerations) {
    const client = `openai-python-${generation}` as const;
    const packages = `openai-${generation}`;

    describeClient(bed, {
      client,
      surface: "chat",
      driver: pythonDriver({
        script: "openai_chat_calls.py",
        packages,
        has,
        errors: { ...errors, midStream: "APIError" },
      }),
    });
    describeClient(bed, {
      client,
      surface: "responses",
      driver: pythonDriver({
        script: "openai_responses_calls.py",
        packages,
        has,
        conversations: {
          previous_response_id: "previous_response_id",
          conversation: "conversation",
          "items echoed, not stored": "echoed",
        },
        errors: { ...errors, midStream: "APIError" },
      }),
    });
  }
});
