import { dlopen, FFIType, ptr } from "bun:ffi";

/** Tells the service manager in which state the server is (man sd_notify). */
export interface Notify {
  /** It serves; also at the end of a reload. */
  ready(): void;
  reloading(): void;
  stopping(): void;
}

const unixFamily = 1;
const datagram = 2;
const closeOnExec = 0o2000000;
const maxPathBytes = 107;
const monotonicClock = 1;

/**
 * A sender to the socket that systemd names in `NOTIFY_SOCKET`; a leading `@` means an abstract one. Bun has no Unix
 * datagram sockets, so this calls the C library. Throws where that is not possible.
 */
export function createNotify(socketPath: string): Notify {
  if (process.platform !== "linux") throw new Error("only Linux has a notification socket");
  const path = Buffer.from(socketPath.replace(/^@/, "\0"));
  if (path.length > maxPathBytes) throw new Error("the path of the notification socket is too long");
  const { symbols } = dlopen("libc.so.6", functions);
  const address = Buffer.alloc(2 + path.length);
  address.writeUInt16LE(unixFamily, 0);
  path.copy(address, 2);
  const send = (state: string) => {
    const socket = symbols.socket(unixFamily, datagram | closeOnExec, 0);
    if (socket < 0) return;
    const message = Buffer.from(state);
    symbols.sendto(socket, ptr(message), message.length, 0, ptr(address), address.length);
    symbols.close(socket);
  };
  // Bun's own clocks count from the start of the process.
  const monotonicMicroseconds = () => {
    const time = new BigInt64Array(2);
    symbols.clock_gettime(monotonicClock, ptr(time));
    return (time[0] ?? 0n) * 1_000_000n + (time[1] ?? 0n) / 1_000n;
  };
  return {
    ready: () => send("READY=1"),
    reloading: () => send(`RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds()}`),
    stopping: () => send("STOPPING=1"),
  };
}

const functions = {
  socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  sendto: {
    args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.ptr, FFIType.u32],
    returns: FFIType.i64,
  },
  close: { args: [FFIType.i32], returns: FFIType.i32 },
  clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
} as const;
