import { startGateway } from "../subjects/gateway.ts";

/** Milliseconds from starting the executable to the first 200 of `/health`, with the built-in demo model. */
export async function measureColdStarts(
  executable: string,
  directory: string,
  times: number,
): Promise<number[]> {
  const milliseconds: number[] = [];
  for (let time = 0; time < times; time++) {
    const startedAt = performance.now();
    const gateway = await startGateway({ executable, directory });
    milliseconds.push(performance.now() - startedAt);
    await gateway.stop();
  }
  return milliseconds;
}
