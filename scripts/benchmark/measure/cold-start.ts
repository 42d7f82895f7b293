import { type GatewayOptions, startGateway } from "../subjects/gateway.ts";

/** Milliseconds from starting the executable to the first 200 of `/health`, with nothing but the built-in demo, or agents. */
export async function measureColdStarts(
  options: Pick<GatewayOptions, "executable" | "directory" | "agentFiles">,
  times: number,
): Promise<number[]> {
  const milliseconds: number[] = [];
  for (let time = 0; time < times; time++) {
    const startedAt = performance.now();
    const gateway = await startGateway(options);
    milliseconds.push(performance.now() - startedAt);
    await gateway.stop();
  }
  return milliseconds;
}
