import { describePackages } from "../../support/prerequisites.ts";
import { serveClients } from "./bed.ts";
import { pythonDriver } from "./python-driver.ts";
import { describeClient } from "./scenarios.ts";

const script = {
  script: "agents_calls.py",
  packages: "agents",
  errors: { unknownModel: "NotFoundError", badValue: "BadRequestError", midStream: "APIError" },
};
const has = ["tools", "streamedTools", "handoff", "structured", "reasoning", "abort"] as const;

describePackages(["agents"], "The OpenAI Agents SDK for Python", () => {
  const bed = serveClients();

  describeClient(bed, {
    client: "agents-python",
    surface: "chat",
    driver: pythonDriver({ ...script, has, options: { responses: false } }),
  });
  const driver = pythonDriver({
    ...script,
    has,
    conversations: {
      previous_response_id: "previous_response_id",
      OpenAIConversationsSession: "session",
      "the history of its result": "history",
    },
    options: { responses: true },
  });
  describeClient(bed, {
    client: "agents-python",
    surface: "responses",
    driver: { ...driver, ...(driver.conversations && { toolConversations: driver.conversations }) },
  });
});
