import type { Transport } from "./transport.ts";

/** A transport that is loaded with its first call: what it is built on would slow down every start. */
export function createLazyTransport(load: () => Promise<Transport>): Transport {
  let loading: Promise<Transport> | undefined;
  let loaded: Transport | undefined;
  const get = () => {
    loading ??= load().then((transport) => (loaded = transport));
    return loading;
  };
  return {
    unary: async (method, message, call) => await (loaded ?? (await get())).unary(method, message, call),
    stream(method, message, call) {
      if (loaded !== undefined) return loaded.stream(method, message, call);
      return {
        [Symbol.asyncIterator]() {
          const iterator = get().then((transport) =>
            transport.stream(method, message, call)[Symbol.asyncIterator](),
          );
          return {
            next: async () => await (await iterator).next(),
            return: async () => (await (await iterator).return?.()) ?? { done: true, value: undefined },
          };
        },
      };
    },
    async close() {
      await (await loading)?.close();
    },
  };
}
