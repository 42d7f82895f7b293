/** A question to the worker that was not answered yet. */
export interface Question {
  /** What it holds in memory, in characters or tokens. */
  size: number;
  /** `Date.now()` when it was asked, and after which nobody waits for the answer. */
  askedAt: number;
  deadline: number;
  /** Without an answer. Later calls do nothing. */
  giveUp(): void;
}

/** Questions in the order in which they were asked, bounded, with one timer for all deadlines. */
export interface Pending {
  hasRoom(size: number): boolean;
  add(question: Question): void;
  /** It was answered. */
  delete(question: Question): void;
  /** False for one that was given up before the worker got it, which is then forgotten. */
  isWanted(question: Question): boolean;
  /** When the oldest was asked, or undefined. */
  oldest(): number | undefined;
  /** Gives up all of them. */
  clear(): void;
}

/** As many as calls can be under way at once, each with a prompt, and an answer. */
const maxQuestions = 2_048;
const maxSize = 8_000_000;

export function createPending(): Pending {
  const questions = new Set<Question>();
  let totalSize = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerDue = Infinity;

  const stopTimer = () => {
    clearTimeout(timer);
    timerDue = Infinity;
  };

  const startTimer = (deadline: number, now: number) => {
    clearTimeout(timer);
    timerDue = deadline;
    timer = setTimeout(giveUpLate, deadline - now);
  };

  // One that is given up stays until it is answered, because until then the worker has it.
  const giveUpLate = () => {
    const now = Date.now();
    let next = Infinity;
    for (const question of questions) {
      if (question.deadline <= now) giveUp(question);
      next = Math.min(next, question.deadline);
    }
    if (next < Infinity) startTimer(next, now);
    else stopTimer();
  };

  const remove = (question: Question) => {
    if (!questions.delete(question)) return;
    totalSize -= question.size;
    if (questions.size === 0) stopTimer();
  };

  return {
    hasRoom: (size) => questions.size < maxQuestions && totalSize + size <= maxSize,
    add(question) {
      questions.add(question);
      totalSize += question.size;
      if (question.deadline < timerDue) startTimer(question.deadline, question.askedAt);
    },
    delete: remove,
    isWanted(question) {
      if (question.deadline < Infinity) return true;
      remove(question);
      return false;
    },
    oldest: () => questions.values().next().value?.askedAt,
    clear() {
      for (const question of questions) giveUp(question);
      questions.clear();
      totalSize = 0;
      stopTimer();
    },
  };
}

/** A question without a deadline is one that nobody waits for. */
function giveUp(question: Question): void {
  question.deadline = Infinity;
  question.giveUp();
}
