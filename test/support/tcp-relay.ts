import { connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server on loopback, as a network does. */
export interface TcpRelay {
  port: number;
  /** From now on nothing gets through, in either direction, and nobody is told. */
  hold(): void;
  /** Ends all connections; those that come after it get through. */
  cut(): void;
  close(): void;
}

export async function startTcpRelay(target: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  let isHeld = false;
  const follow = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // Told by the end of the connection.
    socket.on("error", () => {});
    return socket;
  };
  const server = createServer((client) => {
    const upstream = follow(connect(target, "127.0.0.1"));
    follow(client);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on("data", (bytes) => isHeld || to.write(bytes));
      from.on("close", () => isHeld || to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const cut = () => {
    isHeld = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    hold() {
      isHeld = true;
    },
    cut,
    close() {
      cut();
      server.close();
    },
  };
}
