/** Memory for what the choices of one request hold back, in bytes as far as they can be told. */
export interface HoldRoom {
  /** False when there is no room for so many more. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

const maxBytes = 32 << 20;

export function createHoldRoom(): HoldRoom {
  let free = maxBytes;
  return {
    take(bytes) {
      if (bytes > free) return false;
      free -= bytes;
      return true;
    },
    give(bytes) {
      free += bytes;
    },
  };
}
