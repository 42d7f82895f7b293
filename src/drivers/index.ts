import { demoDriver } from "./demo/driver.ts";
import { kserveDriver } from "./kserve/driver.ts";

/** Every kind of backend, by the `kind` of the configuration. */
export const drivers = { kserve: kserveDriver, demo: demoDriver } as const;
