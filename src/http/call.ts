import type { Server } from "bun";
import { ServeError } from "../core/error.ts";
import type { CallContext } from "../core/generation.ts";
import { createRequestId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { openai } from "./protocols/openai.ts";
import type { Protocol } from "./protocols/protocol.ts";
import { readTraceContext } from "./trace-context.ts";

/** One HTTP request while it is being served. */
export interface Call extends CallContext {
  readonly startedAt: number;
  /** True once the client closed its connection: nothing may be written any more. */
  readonly clientGone: boolean;
  /** How failures are worded, and what goes with every answer. */
  protocol: Protocol;
  /** Says whose key the request carries, as `owner`. */
  identify(owner: string | undefined): void;
  /** Lifts the server's idle timeout: our own deadlines take over. For handlers that wait on a backend. */
  holdOpen(): void;
  /** Ends the call's work: `reason` reaches the backend and, if the client is still there, the client. */
  abort(reason: ServeError): void;
  /** The call lasts until everything that was retained is released. */
  retain(): () => void;
  /** Work for whoever called that goes on once the call is over, and whether or not the client stays. */
  detach(): DetachedWork;
}

/** Lasts, as a call does, until `end`. */
export interface DetachedWork extends Running {
  readonly context: CallContext;
  end(): void;
}

/** Something that can be told to end. */
interface Running {
  abort(reason: ServeError): void;
}

/** The calls that run now, and work that goes on after them, for draining. */
export interface ActiveCalls {
  readonly size: number;
  /** `reason` is made for each call, as each has its own line in the log. */
  abortAll(reason: () => ServeError): void;
}

/** Where calls say that they run. */
export interface CallRegister {
  add(running: Running): void;
  delete(running: Running): void;
}

export function createActiveCalls(): ActiveCalls & CallRegister {
  const running = new Set<Running>();
  return {
    get size() {
      return running.size;
    },
    add: (call) => void running.add(call),
    delete: (call) => void running.delete(call),
    abortAll(reason) {
      for (const call of running) call.abort(reason());
    },
  };
}

const calls = new WeakMap<Request, Call>();
const incomingId = /^[\w.:-]{1,128}$/;

/** Stands in `register` until the last part of the call was released, or its client has gone. */
export function createCall(
  request: Request,
  server: Pick<Server<unknown>, "timeout">,
  log: Log,
  register: CallRegister,
): Call {
  const controller = new AbortController();
  const given = request.headers.get("x-request-id");
  const requestId = given !== null && incomingId.test(given) ? given : createRequestId();
  let clientGone = false;
  let retained = 0;
  request.signal.addEventListener(
    "abort",
    () => {
      clientGone = true;
      controller.abort(new ServeError("canceled", "The client closed the connection."));
      // A stream that nobody pulls any more releases nothing by itself.
      register.delete(call);
    },
    { once: true },
  );
  const trace = readTraceContext(request.headers);
  const call: Call = {
    requestId,
    ...(trace === undefined ? {} : { trace }),
    signal: controller.signal,
    callers: [],
    log: log.child({ id: requestId }),
    startedAt: performance.now(),
    protocol: openai,
    get clientGone() {
      return clientGone;
    },
    identify(owner) {
      if (owner !== undefined) call.owner = owner;
    },
    holdOpen: () => server.timeout(request, 0),
    abort: (reason) => controller.abort(reason),
    retain() {
      retained++;
      let isReleased = false;
      return () => {
        if (isReleased) return;
        isReleased = true;
        retained--;
        if (retained === 0) register.delete(call);
      };
    },
    detach: () => detach(call, register),
  };
  register.add(call);
  calls.set(request, call);
  return call;
}

function detach({ requestId, trace, owner, log }: Call, register: CallRegister): DetachedWork {
  const controller = new AbortController();
  const work: DetachedWork = {
    context: {
      requestId,
      ...(trace !== undefined && { trace }),
      ...(owner !== undefined && { owner }),
      signal: controller.signal,
      callers: [],
      log,
    },
    abort: (reason) => controller.abort(reason),
    end: () => register.delete(work),
  };
  register.add(work);
  return work;
}

/** The call of a request that came through the handler. */
export function callOf(request: Request): Call {
  const call = calls.get(request);
  if (call === undefined) throw new Error("This request did not come through the handler.");
  return call;
}

/** Makes the call of `request` known under the request that replaced it. */
export function moveCall(from: Request, to: Request): void {
  calls.set(to, callOf(from));
}
