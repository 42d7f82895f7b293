import { decodeTask, type Task } from "../task.ts";
import {
  modelInfoFrame,
  openingFrame,
  readyFrame,
  streamFrames,
  trailersFrame,
  unimplementedFrame,
  wholeFrame,
} from "./answers.ts";
import { encodeFrame, type Frame, frameFlag, frameHeaderBytes, FrameReader, frameType } from "./frames.ts";
import type { FormName } from "./forms.ts";
import { type ByteSink, Outbox } from "./outbox.ts";
import { decodeRequest, type InferRequest } from "./request.ts";

export interface ConnectionOptions {
  form: FormName;
  /** An AnyServe dispatcher has only the unary rpc. */
  hasStreamRpc: boolean;
}

interface Answering {
  id: number;
  /** Bytes of DATA that the client takes on this stream. */
  window: number;
  request: Buffer[];
  /** Of an answer that is being streamed. */
  frames: readonly Buffer[];
  sent: number;
  /** Messages that may be sent now; without a pace, all. */
  due: number;
  pace?: ReturnType<typeof setInterval>;
}

/**
 * One client's connection to the backend: gRPC over HTTP/2 with the client's flow control, a few tokens of each
 * stream and one write a turn of the event loop. What is called is told by the request message, so headers are not read.
 */
export class Connection {
  readonly #outbox: Outbox;
  readonly #reader = new FrameReader();
  readonly #options: ConnectionOptions;
  readonly #streams = new Map<number, Answering>();
  /** Streams that may have something to send. */
  readonly #ready = new Set<Answering>();
  #window = 65_535;
  #streamWindow = 65_535;
  #isScheduled = false;
  #unacknowledged = 0;

  constructor(sink: ByteSink, options: ConnectionOptions) {
    this.#outbox = new Outbox(sink);
    this.#options = options;
    this.#outbox.add(encodeFrame(frameType.settings, 0, ownSettings), 0);
    this.#outbox.add(windowUpdate(receiveWindow - 65_535), 0);
    this.#outbox.flush();
  }

  /** Throws when the other side does not speak HTTP/2. */
  receive(chunk: Buffer): void {
    for (const frame of this.#reader.read(chunk)) this.#receive(frame);
    this.#turn();
  }

  /** The socket takes bytes again. */
  drained(): void {
    this.#turn();
  }

  close(): void {
    for (const stream of this.#streams.values()) this.#end(stream);
  }

  #receive({ type, flags, stream, payload }: Frame): void {
    switch (type) {
      case frameType.headers:
        this.#streams.set(stream, {
          id: stream,
          window: this.#streamWindow,
          request: [],
          frames: [],
          sent: 0,
          due: 0,
        });
        if ((flags & frameFlag.endStream) !== 0) this.#answer(stream);
        break;
      case frameType.data:
        this.#receiveData(flags, stream, payload);
        break;
      case frameType.resetStream: {
        const answering = this.#streams.get(stream);
        if (answering !== undefined) this.#end(answering);
        break;
      }
      case frameType.settings:
        if ((flags & frameFlag.acknowledge) !== 0) break;
        this.#applySettings(payload);
        this.#outbox.add(encodeFrame(frameType.settings, frameFlag.acknowledge, nothing), 0);
        break;
      case frameType.ping:
        if ((flags & frameFlag.acknowledge) !== 0) break;
        this.#outbox.add(encodeFrame(frameType.ping, frameFlag.acknowledge, payload), 0);
        break;
      case frameType.windowUpdate:
        this.#enlarge(stream, payload.readUInt32BE(0) & 0x7fffffff);
        break;
    }
  }

  #receiveData(flags: number, stream: number, payload: Buffer): void {
    this.#unacknowledged += payload.length;
    if (this.#unacknowledged > receiveWindow / 2) {
      this.#outbox.add(windowUpdate(this.#unacknowledged), 0);
      this.#unacknowledged = 0;
    }
    const padding = (flags & frameFlag.padded) === 0 ? 0 : (payload[0] ?? 0) + 1;
    const start = padding === 0 ? 0 : 1;
    const answering = this.#streams.get(stream);
    if (answering === undefined) return;
    answering.request.push(Buffer.from(payload.subarray(start, payload.length - padding + start)));
    if ((flags & frameFlag.endStream) !== 0) this.#answer(stream);
  }

  #applySettings(payload: Buffer): void {
    for (let position = 0; position + 6 <= payload.length; position += 6) {
      if (payload.readUInt16BE(position) !== initialWindowSize) continue;
      const size = payload.readUInt32BE(position + 2);
      for (const stream of this.#streams.values()) stream.window += size - this.#streamWindow;
      this.#streamWindow = size;
    }
  }

  #enlarge(stream: number, bytes: number): void {
    if (stream === 0) {
      this.#window += bytes;
      for (const answering of this.#streams.values()) if (answering.due > 0) this.#ready.add(answering);
      return;
    }
    const answering = this.#streams.get(stream);
    if (answering === undefined) return;
    answering.window += bytes;
    if (answering.due > 0) this.#ready.add(answering);
  }

  #answer(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    const request = decodeRequest(Buffer.concat(stream.request));
    stream.request = [];
    const { form, hasStreamRpc } = this.#options;
    if (hasStreamRpc && wantsStream(form, request)) {
      this.#stream(stream, decodeTask(request.text));
      return;
    }
    const frame = wholeAnswer(form, request);
    if (frame === undefined) {
      this.#outbox.add(unimplementedFrame, id);
    } else {
      this.#outbox.add(openingFrame, id);
      // Whole answers are far smaller than the smallest window that a client opens.
      this.#window -= frame.length - frameHeaderBytes;
      this.#outbox.add(frame, id);
      this.#outbox.add(trailersFrame, id);
    }
    this.#end(stream);
  }

  #stream(stream: Answering, task: Task): void {
    stream.frames = streamFrames(this.#options.form, task);
    this.#outbox.add(openingFrame, stream.id);
    if (task.paceMs === 0) {
      stream.due = Infinity;
      this.#ready.add(stream);
      return;
    }
    stream.pace = setInterval(() => {
      stream.due += stream.sent + stream.due === task.tokens - 1 ? 2 : 1;
      this.#ready.add(stream);
      this.#schedule();
    }, task.paceMs);
  }

  #end(stream: Answering): void {
    clearInterval(stream.pace);
    this.#streams.delete(stream.id);
    this.#ready.delete(stream);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    for (let message = 0; message < messagesATurn && !this.#outbox.isBlocked; message++) {
      for (const stream of this.#ready) this.#advance(stream);
    }
    this.#outbox.flush();
    // When it is blocked, the next turn comes with `drained`.
    if (this.#ready.size > 0 && !this.#outbox.isBlocked) this.#schedule();
  }

  /** Sends one message, the last one with the trailers. */
  #advance(stream: Answering): void {
    const { frames } = stream;
    const message = frames[stream.sent];
    if (message === undefined || stream.due === 0) {
      this.#ready.delete(stream);
      return;
    }
    const bytes = message.length - frameHeaderBytes;
    if (bytes > this.#window || bytes > stream.window) {
      this.#ready.delete(stream);
      return;
    }
    this.#window -= bytes;
    stream.window -= bytes;
    stream.due--;
    stream.sent++;
    this.#outbox.add(message, stream.id);
    if (stream.sent < frames.length) return;
    this.#outbox.add(trailersFrame, stream.id);
    this.#end(stream);
  }
}

/** The other forms stream whatever is a call; without inputs, it is a question about the model. */
function wantsStream(form: FormName, { modelName, hasInputs }: InferRequest): boolean {
  return form === "anyserve" ? modelName === "generate_stream" : hasInputs;
}

function wholeAnswer(form: FormName, { modelName, text }: InferRequest): Buffer | undefined {
  if (modelName === "") return readyFrame;
  if (form !== "anyserve") return undefined;
  if (modelName === "model_info") return modelInfoFrame;
  return modelName === "generate" ? wholeFrame(decodeTask(text)) : undefined;
}

const nothing = new Uint8Array();

/** Of each stream, each in a frame of its own: a write for every single one would cost more than all the rest. */
const messagesATurn = 4;

const initialWindowSize = 4;
const receiveWindow = 16_777_216;

const ownSettings = Buffer.alloc(6);
ownSettings.writeUInt16BE(initialWindowSize, 0);
ownSettings.writeUInt32BE(receiveWindow, 2);

function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes, 0);
  return encodeFrame(frameType.windowUpdate, 0, payload);
}
