import type { SurfaceDeps } from "../common/deps.ts";
import type { Runs } from "./background/runs.ts";

export interface ResponseDeps extends SurfaceDeps {
  runs: Runs;
}
