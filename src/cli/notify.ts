import { dlopen, FFIType, ptr } from "bun:ffi";

/** Tells the service manager a state, such as `READY=1`. */
export type Notify = (state: string) => void;

const unixFamily = 1;
const datagram = 2;
const closeOnExec = 0o2000000;
const maxPathBytes = 107;

/**
 * A sender to the socket that systemd names in `NOTIFY_SOCKET` (man sd_notify); a leading `@` means an abstract
 * one. Bun has no Unix datagram sockets, so this calls the C library. Throws where that is not possible.
 */
export function createNotify(socketPath: string): Notify {
  if (process.platform !== "linux") throw new Error("only Linux has a notification socket");
  const path = Buffer.from(socketPath.replace(/^@/, "\0"));
  if (path.length > maxPathBytes) throw new Error("the path of the notification socket is too long");
  const { symbols } = dlopen("libc.so.6", functions);
  const address = Buffer.alloc(2 + path.length);
  address.writeUInt16LE(unixFamily, 0);
  path.copy(address, 2);
  return (state) => {
    const socket = symbols.socket(unixFamily, datagram | closeOnExec, 0);
    if (socket < 0) return;
    const message = Buffer.from(state);
    symbols.sendto(socket, ptr(message), message.length, 0, ptr(address), address.length);
    symbols.close(socket);
  };
}

const functions = {
  socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  sendto: {
    args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.ptr, FFIType.u32],
    returns: FFIType.i64,
  },
  close: { args: [FFIType.i32], returns: FFIType.i32 },
} as const;
