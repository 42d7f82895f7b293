import { cpus, release, totalmem } from "node:os";

export interface Machine {
  processor: string;
  processors: number;
  memoryBytes: number;
  system: string;
  bun: string;
  grpcJs: string;
  /** Of the tree that the benchmark stands in; the executable may be older. */
  commit: string;
  /** Whether what is measured and what measures it had a core each. */
  pinned: boolean;
}

export async function describeMachine(root: string, pinned: boolean): Promise<Machine> {
  const packageFile: { version: string } = JSON.parse(
    await Bun.file(`${root}/node_modules/@grpc/grpc-js/package.json`).text(),
  );
  const commit = Bun.spawnSync(["git", "-C", root, "describe", "--always", "--dirty"])
    .stdout.toString()
    .trim();
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? "unknown",
    processors: processors.length,
    memoryBytes: totalmem(),
    system: `${process.platform} ${release()}`,
    bun: Bun.version,
    grpcJs: packageFile.version,
    commit: commit === "" ? "no commit" : commit,
    pinned,
  };
}
