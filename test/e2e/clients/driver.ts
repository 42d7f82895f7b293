/** One question to the server. */
export interface Ask {
  baseUrl: string;
  model: string;
  question: string;
  temperature?: number;
}

/**
 * What a client can do on a surface, each as its users write it; what it has not, it cannot do. All give what the client
 * gave, and reject with the client's own error.
 */
export interface Driver {
  /** The text of a whole answer. */
  text: (ask: Ask) => Promise<string>;
  /** The pieces of a streamed answer's text, by the client's own helper where it has one. */
  streaming: (ask: Ask) => Promise<readonly string[]>;
  /** Offers `forecast`, runs it when it is called, and gives the text of the answer after that. */
  tools?: (ask: Ask) => Promise<string>;
  /** The same with a stream. */
  streamedTools?: (ask: Ask) => Promise<string>;
  /** Has one agent hand over to another, `weather`; gives who answered at last, and what. */
  handoff?: (ask: Ask) => Promise<{ agent: string; text: string }>;
  /** The object of an answer to a schema with a `city`. */
  structured?: (ask: Ask) => Promise<unknown>;
  /** The text of the thought and that of the answer, out of a stream where the client shows it there. */
  reasoning?: (ask: Ask) => Promise<{ reasoning: string; text: string }>;
  /** Leaves a stream after its first piece, in the client's own way. */
  abort?: (ask: Ask) => Promise<void>;
  /** Ways of being remembered: each asks both questions and gives the text of the second answer. */
  conversations?: Readonly<Record<string, (ask: Ask, next: string) => Promise<string>>>;
  /** Those of them whose first turn may take a call of `forecast`. */
  toolConversations?: Readonly<Record<string, (ask: Ask, next: string) => Promise<string>>>;
  /** Classes of the client's errors, each the error's own or a base of it. */
  errors: { unknownModel: string; badValue: string; midStream: string };
  start?: () => Promise<void>;
  stop?: () => Promise<void>;
}
