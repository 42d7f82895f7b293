import type { Generate } from "../../core/generate.ts";
import type { BodyLimits } from "../../http/body.ts";

/** What a surface that generates is given. */
export interface SurfaceDeps {
  generate: Generate;
  bodyLimits: BodyLimits;
  maxMessages: number;
  /** How long a stream may wait for its first event before it begins without. */
  headStartMs: number;
  /** A comment is sent after so much silence; 0 means never. */
  keepAliveMs: number;
}
