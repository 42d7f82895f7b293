import { Type, type Static } from "@sinclair/typebox";
import type { Driver } from "../driver.ts";
import { createDemoBackend } from "./backend.ts";

const configSchema = Type.Object(
  {
    kind: Type.Literal("demo"),
    delay_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 10_000,
        default: 20,
        description: "Pause between two tokens, in milliseconds.",
      }),
    ),
  },
  { additionalProperties: false },
);

/** The model `demo`, built in: it needs no model server and shows what a client sent. */
export const demoDriver: Driver<Static<typeof configSchema>> = {
  configSchema,
  create: ({ delay_ms: delayMs = 20 }, { id }) => createDemoBackend({ id, delayMs }),
};
