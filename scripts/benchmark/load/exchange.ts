import type { AnswerKind, Task } from "../task.ts";
import type { Question } from "./question.ts";

/** What the load asks for over and over. */
export interface Workload {
  name: string;
  /** The client wants the answer as it comes. */
  stream: boolean;
  /** What the backend is called with: the stream rpc serves whole answers too. */
  rpc: "infer" | "stream";
  tokens: number;
  paceMs: number;
  /** By default text. */
  kind?: AnswerKind;
  /** By default one line to AnyServe's model. */
  question?: Question;
  /** Calls under way at once. */
  concurrency: number;
}

/** One answer that came whole and right. */
export interface Answered {
  /** Milliseconds from the request to the first part with text; of a whole answer, to its end. */
  firstTokenMs: number;
}

/** Asks one thing at a time. */
export interface Caller {
  /**
   * Rejects when anything about the answer is wrong: that ends the whole benchmark. `onFirst` is called when the
   * first text is there.
   */
  ask(task: Task, onFirst?: () => void): Promise<Answered>;
  close(): void;
}
