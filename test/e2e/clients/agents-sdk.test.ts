import { describeBlackBox } from "../../support/prerequisites.ts";
import { agentsSdkDriver } from "./agents-sdk.ts";
import { serveClients } from "./bed.ts";
import { describeClient } from "./scenarios.ts";

describeBlackBox("The OpenAI Agents SDK for JavaScript", () => {
  const bed = serveClients();

  describeClient(bed, {
    client: "agents-js",
    surface: "chat",
    driver: agentsSdkDriver({ useResponses: false }),
  });
  describeClient(bed, {
    client: "agents-js",
    surface: "responses",
    driver: agentsSdkDriver({ useResponses: true }),
  });
});
