import { describeLangChain, langchain } from "../../support/clients/langchain.ts";
import { serveClients } from "./bed.ts";
import { pythonDriver } from "./python-driver.ts";
import { describeClient } from "./scenarios.ts";

const script = {
  script: "langchain_openai_calls.py",
  packages: langchain.current,
  errors: { unknownModel: "NotFoundError", badValue: "BadRequestError", midStream: "APIError" },
};
const has = ["tools", "streamedTools", "structured", "abort"] as const;

describeLangChain("LangChain", () => {
  const bed = serveClients();

  describeClient(bed, {
    client: "langchain",
    surface: "chat",
    driver: pythonDriver({ ...script, has, options: { responses: false } }),
  });
  describeClient(bed, {
    client: "langchain",
    surface: "responses",
    driver: pythonDriver({
      ...script,
      has: [...has, "reasoning"],
      conversations: { use_previous_response_id: "previous_response_id", "its whole history": "history" },
      options: { responses: true },
    }),
  });
});
