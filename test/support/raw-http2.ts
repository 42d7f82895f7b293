import type { Socket } from "bun";

/** What a scripted server does when a request has come. */
export type Script = (connection: RawConnection) => void | Promise<void>;

export interface RawConnection {
  /** The stream of the request. */
  readonly streamId: number;
  /** Sends bytes; answers false once the connection is gone. */
  write(bytes: Uint8Array): Promise<boolean>;
  drop(): void;
}

export interface RawHttp2 {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** An HTTP/2 server that knows no rule: it writes the frames it is told to. */
export function startRawHttp2(script: Script): RawHttp2 {
  const open = new Set<Socket<State>>();
  const listener = Bun.listen<State>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        open.add(socket);
        socket.data = { received: Buffer.alloc(0), preface: false, waiting: undefined };
        socket.write(frame(frameType.settings, 0, 0));
      },
      data(socket, bytes) {
        for (const streamId of read(socket, bytes)) {
          void Promise.resolve(script(connectionOf(socket, streamId)));
        }
      },
      drain(socket) {
        socket.data.waiting?.();
      },
      close(socket) {
        open.delete(socket);
        socket.data.waiting?.();
      },
      error() {},
    },
  });
  return {
    endpoint: `127.0.0.1:${listener.port}`,
    close() {
      for (const socket of open) socket.terminate();
      listener.stop(true);
      return Promise.resolve();
    },
  };
}

export const frameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  continuation: 9,
} as const;

export const frameFlag = { ack: 1, endStream: 1, endHeaders: 4 } as const;

export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A header block without compression. */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Uint8Array.of(0), hpackText(name), hpackText(value)]),
  );
}

export const grpcHeaders = headerBlock({ ":status": "200", "content-type": "application/grpc" });

interface State {
  received: Buffer;
  preface: boolean;
  waiting: (() => void) | undefined;
}

const prefaceLength = 24;

/** Takes the client's frames; the ids of streams whose request is complete. */
function read(socket: Socket<State>, bytes: Buffer): number[] {
  const state = socket.data;
  state.received = Buffer.concat([state.received, bytes]);
  if (!state.preface) {
    if (state.received.length < prefaceLength) return [];
    state.received = state.received.subarray(prefaceLength);
    state.preface = true;
  }
  const complete: number[] = [];
  while (state.received.length >= 9) {
    const length = state.received.readUIntBE(0, 3);
    if (state.received.length < 9 + length) break;
    const type = state.received.readUInt8(3);
    const flags = state.received.readUInt8(4);
    const streamId = state.received.readUInt32BE(5);
    const payload = state.received.subarray(9, 9 + length);
    state.received = state.received.subarray(9 + length);
    if (type === frameType.settings && (flags & frameFlag.ack) === 0) {
      socket.write(frame(frameType.settings, frameFlag.ack, 0));
    }
    if (type === frameType.ping && (flags & frameFlag.ack) === 0) {
      socket.write(frame(frameType.ping, frameFlag.ack, 0, payload));
    }
    if (type === frameType.data && (flags & frameFlag.endStream) !== 0) complete.push(streamId);
  }
  return complete;
}

function connectionOf(socket: Socket<State>, streamId: number): RawConnection {
  return {
    streamId,
    async write(bytes) {
      for (let rest = bytes; rest.length > 0;) {
        const written = socket.write(rest);
        if (written < 0 || socket.readyState <= 0) return false;
        rest = rest.subarray(written);
        if (rest.length > 0) {
          await new Promise<void>((resolve) => {
            socket.data.waiting = resolve;
          });
        }
      }
      return true;
    },
    drop: () => socket.terminate(),
  };
}

function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length: number[] = [];
  if (bytes.length < 127) {
    length.push(bytes.length);
  } else {
    length.push(127);
    let rest = bytes.length - 127;
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) | 128);
    length.push(rest);
  }
  return Buffer.concat([Uint8Array.from(length), bytes]);
}
