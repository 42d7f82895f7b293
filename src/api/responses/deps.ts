import type { SurfaceDeps } from "../common/deps.ts";
import type { Runs } from "./background/runs.ts";
import type { HistoryDeps } from "./history.ts";

export type ResponseDeps = Omit<SurfaceDeps, "conversations"> & HistoryDeps & { runs: Runs };
