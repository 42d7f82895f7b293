import { basename } from "node:path";
import type { frameOf } from "../agents/load/frame.ts";
import type { hasOwnFrame } from "../agents/load/own-frame.ts";
import type { Watch } from "../agents/load/watch-agent-files.ts";
import type { AgentsConfig } from "../config/config.ts";
import { ServeError } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import type { LoopWatch } from "../telemetry/loop-watch/create-loop-watch.ts";
import type { AgentFiles } from "./agent-files.ts";

/** An agent that holds everybody up for so long is named in the log. */
const blockedMs = 250;

/** Loads agent files into this process, or into processes of their own, and watches them where that is wanted. */
export function createAgentFiles(): AgentFiles {
  let tell: ((reason: string) => void) | undefined;
  /** Once there are agents in this process. */
  let frames: { frameOf: typeof frameOf; hasOwnFrame: typeof hasOwnFrame } | undefined;
  let loopWatch: LoopWatch | undefined;
  let watched: { files: string; watch: Watch } | undefined;

  /** Before the files are loaded, so that what is broken at first is loaded again as well once it is mended. */
  const watch = async (config: AgentsConfig, log: Log): Promise<Watch | undefined> => {
    const files = config.watch ? config.files.join("\0") : "";
    if (watched?.files === files) return watched.watch;
    watched?.watch.close();
    watched = undefined;
    if (files === "") return undefined;
    const { watchAgentFiles } = await import("../agents/load/watch-agent-files.ts");
    watched = {
      files,
      watch: watchAgentFiles({
        files: config.files,
        onChange: (changed) => tell?.(`${changed.map(shortName).join(", ")} changed`),
        log,
      }),
    };
    return watched.watch;
  };

  return {
    async load({ agents: config, log: lines }, log) {
      const watching = await watch(config, log);
      if (config.files.length === 0) return { agents: [] };
      if (config.workers > 0) {
        const { createAgentWorkers } = await import("../agents/workers/create-agent-workers.ts");
        const { modules, ...loaded } = await createAgentWorkers({ ...config, count: config.workers, log });
        watching?.follow(modules);
        return loaded;
      }
      const [{ loadAgentFiles }, frame, ownFrame, { createLoopWatch }, kit] = await Promise.all([
        import("../agents/load/load-agent-files.ts"),
        import("../agents/load/frame.ts"),
        import("../agents/load/own-frame.ts"),
        import("../telemetry/loop-watch/create-loop-watch.ts"),
        import("../index.ts"),
      ]);
      const { agents, modules } = await loadAgentFiles({ files: config.files, kit });
      watching?.follow(modules);
      frames = { ...frame, ...ownFrame };
      loopWatch ??= createLoopWatch({ log, lines, thresholdMs: blockedMs });
      return { agents, loopWatch };
    },
    faultOf(thrown) {
      if (frames === undefined) return undefined;
      const at = frames.frameOf(thrown);
      const isOurs = at === undefined && !(thrown instanceof ServeError) && frames.hasOwnFrame(thrown);
      return isOurs ? undefined : { at };
    },
    watch(onChange) {
      tell = onChange;
    },
    async close() {
      watched?.watch.close();
      loopWatch?.close();
    },
  };
}

function shortName(path: string): string {
  return basename(path);
}
