import { Connection, type ConnectionOptions } from "./connection.ts";

export interface Backend {
  port: number;
  stop(): void;
}

/**
 * A look-alike of a model server on 127.0.0.1 that costs next to nothing. Without the stream rpc it answers
 * UNIMPLEMENTED to it; it always does to questions about models.
 */
export function startBackend(options: ConnectionOptions): Backend {
  const listener = Bun.listen<Connection | undefined>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        socket.data = new Connection(socket, options);
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
