import { describeBlackBox, describePackages } from "../../support/prerequisites.ts";
import { anthropicMessages } from "./anthropic-node-messages.ts";
import { serveClients } from "./bed.ts";
import { pythonDriver } from "./python-driver.ts";
import { describeClient } from "./scenarios.ts";

describeBlackBox("@anthropic-ai/sdk", () => {
  const bed = serveClients();

  describeClient(bed, { client: "anthropic-node", surface: "messages", driver: anthropicMessages() });
});

describePackages(["anthropic"], "anthropic for Python", () => {
  const bed = serveClients();

  describeClient(bed, {
    client: "anthropic-python",
    surface: "messages",
    driver: pythonDriver({
      script: "anthropic_calls.py",
      packages: "anthropic",
      has: ["tools", "streamedTools", "structured", "reasoning", "abort"],
      conversations: { "its own history": "converse" },
      errors: { unknownModel: "NotFoundError", badValue: "BadRequestError", midStream: "APIError" },
    }),
  });
});
