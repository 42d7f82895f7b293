import { Connection } from "./connection.ts";

export interface Backend {
  port: number;
  stop(): void;
}

/** An AnyServe look-alike on 127.0.0.1 that costs next to nothing. Without the stream rpc it answers UNIMPLEMENTED. */
export function startBackend({ hasStreamRpc }: { hasStreamRpc: boolean }): Backend {
  const listener = Bun.listen<Connection | undefined>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        socket.data = new Connection(socket, hasStreamRpc);
      },
      data(socket, chunk) {
        try {
          socket.data?.receive(chunk);
        } catch {
          socket.terminate();
        }
      },
      drain: (socket) => socket.data?.drained(),
      close: (socket) => socket.data?.close(),
      error: (socket) => socket.data?.close(),
    },
  });
  return { port: listener.port, stop: () => listener.stop(true) };
}
