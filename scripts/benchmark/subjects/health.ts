import type { RunningProcess } from "../child.ts";

const startLimitMs = 20_000;
const pauseMs = 0.5;

/** Resolves with the first 200 of `/health`. Throws when the process ends or twenty seconds pass before. */
export async function untilHealthy(port: number, child: RunningProcess): Promise<void> {
  const until = performance.now() + startLimitMs;
  let hasEnded = false;
  void child.ended.then(() => (hasEnded = true));
  while (!(await isHealthy(port))) {
    if (hasEnded || performance.now() > until) {
      await child.stop();
      throw new Error(`The server did not start:\n${child.output()}`);
    }
    await Bun.sleep(pauseMs);
  }
}

/** Asks over a bare connection: a refused one is tried again a thousand times while a server starts. */
function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = "";
    Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (socket) => void socket.write(`GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
        data(socket, bytes) {
          answer += bytes.toString("latin1");
          if (!answer.includes("\r\n")) return;
          resolve(answer.startsWith("HTTP/1.1 200"));
          socket.end();
        },
        close: () => resolve(false),
        connectError: () => resolve(false),
      },
    }).catch(() => resolve(false));
  });
}

/** A port that is free now. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
