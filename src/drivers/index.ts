import { demoDriver } from "./demo/driver.ts";
import { kserveDriver } from "./kserve/driver.ts";
import { openaiDriver } from "./openai/driver.ts";

/** Every kind of backend, by the `kind` of the configuration. */
export const drivers = { kserve: kserveDriver, openai: openaiDriver, demo: demoDriver } as const;
