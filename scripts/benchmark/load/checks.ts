import type { Task } from "../task.ts";
import { checkStream, checkWhole } from "./check-answer.ts";
import { checkMessage, checkMessageStream } from "./check-message.ts";
import { checkResponse, checkResponseStream } from "./check-response.ts";
import type { Surface } from "./question.ts";

/** Throws unless `body` is the whole answer that the task asks for. */
export type Check = (status: number, body: string, task: Task) => void;

/** What is asked of answers, whole and streamed, in each protocol. */
export const checks: Readonly<Record<Surface, { whole: Check; stream: Check }>> = {
  chat: { whole: checkWhole, stream: checkStream },
  responses: { whole: checkResponse, stream: checkResponseStream },
  messages: { whole: checkMessage, stream: checkMessageStream },
};
