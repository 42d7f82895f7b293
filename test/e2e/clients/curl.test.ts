import { describeBlackBox } from "../../support/prerequisites.ts";
import { serveClients } from "./bed.ts";
import { curlDriver } from "./curl.ts";
import { describeClient } from "./scenarios.ts";

describeBlackBox("curl", () => {
  const bed = serveClients();

  for (const surface of ["chat", "completions", "responses", "messages"] as const) {
    describeClient(bed, { client: "curl", surface, driver: curlDriver(surface) });
  }
});
