import { nodeGenerations } from "../../support/clients/node.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { serveClients } from "./bed.ts";
import { nodeChat } from "./openai-node-chat.ts";
import { nodeResponses } from "./openai-node-responses.ts";
import { describeClient } from "./scenarios.ts";

describeBlackBox("openai-node", () => {
  const bed = serveClients();

  for (const generation of nodeGenerations) {
    describeClient(bed, { client: generation.id, surface: "chat", driver: nodeChat(generation) });
    describeClient(bed, { client: generation.id, surface: "responses", driver: nodeResponses(generation) });
  }
});
