import { createAnyserve } from "./anyserve.ts";
import type { CreateDialect, DialectName } from "./dialect.ts";
import { createDynamo } from "./dynamo.ts";
import { createGeneric } from "./generic.ts";
import { createLlmapi } from "./llmapi.ts";
import { createMlserver } from "./mlserver.ts";
import { createOvms } from "./ovms.ts";
import { createTrtllm } from "./trtllm.ts";
import { createVllm } from "./vllm.ts";

/** Every dialect, by its name in the configuration. */
export const dialects: Readonly<Record<DialectName, CreateDialect>> = {
  anyserve: createAnyserve,
  vllm: createVllm,
  trtllm: createTrtllm,
  llmapi: createLlmapi,
  dynamo: createDynamo,
  mlserver: createMlserver,
  ovms: createOvms,
  generic: createGeneric,
};
