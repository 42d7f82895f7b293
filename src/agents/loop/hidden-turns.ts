import type { Message, ToolCall } from "../../core/generation.ts";
import { textOf } from "./messages.ts";

/** What went on in an answer before it ended in calls of the client's tools, and what of it the client saw. */
export interface HiddenTurn {
  /** Their ids are ours (`createCallId`): who has them had this answer. */
  calls: readonly ToolCall[];
  text: string;
  /** The whole of it, the client's calls included. */
  messages: readonly Message[];
}

/** Of one agent and one caller. */
export interface HiddenTurns {
  remember(turn: HiddenTurn): void;
  /** `messages`, with what the client has not seen in its place, as far as it is remembered. */
  restore(messages: readonly Message[]): Message[];
}

/**
 * Remembers for a while how answers came to calls of the client's tools, so that the model need not do again what it did
 * before. A history without it is valid too: what is lost costs time and nothing else.
 */
export interface HiddenTurnStore {
  of(agent: string, owner: string | undefined): HiddenTurns;
}

export interface HiddenTurnLimits {
  maxTurns: number;
  /** UTF-16 units, of all turns together. */
  maxCharacters: number;
  /** A turn that is not asked for in that time is forgotten when another comes. */
  lifetimeMs: number;
}

const standardLimits: HiddenTurnLimits = {
  maxTurns: 1_000,
  maxCharacters: 16_777_216,
  lifetimeMs: 1_800_000,
};

interface Remembered extends HiddenTurn {
  characters: number;
  expiresAt: number;
}

export function createHiddenTurnStore(
  limits: HiddenTurnLimits = standardLimits,
  now: () => number = Date.now,
): HiddenTurnStore {
  // In the order in which they expire.
  const turns = new Map<string, Remembered>();
  let characters = 0;

  const forget = (key: string, turn: Remembered) => {
    turns.delete(key);
    characters -= turn.characters;
  };

  const makeRoom = () => {
    for (const [key, turn] of turns) {
      const isFull = turns.size > limits.maxTurns || characters > limits.maxCharacters;
      if (!isFull && turn.expiresAt > now()) return;
      forget(key, turn);
    }
  };

  const add = (key: string, turn: HiddenTurn & { characters: number }) => {
    const old = turns.get(key);
    if (old !== undefined) forget(key, old);
    turns.set(key, { ...turn, expiresAt: now() + limits.lifetimeMs });
    characters += turn.characters;
    makeRoom();
  };

  return {
    of(agent, owner) {
      const keyOf = (calls: readonly ToolCall[]) =>
        JSON.stringify([agent, owner ?? null, ...calls.map(({ id }) => id)]);
      return {
        remember(turn) {
          const size = charactersOf(turn);
          if (size <= limits.maxCharacters / 4) add(keyOf(turn.calls), { ...turn, characters: size });
        },
        restore(messages) {
          return messages.flatMap((message) => {
            if (message.toolCalls === undefined || message.toolCalls.length === 0) return [message];
            const key = keyOf(message.toolCalls);
            const turn = turns.get(key);
            if (turn === undefined || turn.expiresAt <= now() || !isUnchanged(message, turn))
              return [message];
            add(key, turn);
            return turn.messages;
          });
        },
      };
    },
  };
}

/** Many clients keep the calls of an answer and drop its text. */
function isUnchanged({ content, toolCalls = [] }: Message, { calls, text }: HiddenTurn): boolean {
  const given = textOf(content);
  return (
    (given === "" || given === text) &&
    toolCalls.every(({ name, arguments: written }, index) => {
      const call = calls[index];
      return call?.name === name && call.arguments === written;
    })
  );
}

function charactersOf({ text, messages }: HiddenTurn): number {
  return messages.reduce(
    (sum, { content, toolCalls = [] }) =>
      sum +
      textOf(content).length +
      toolCalls.reduce((length, { arguments: written }) => length + written.length + 100, 100),
    text.length,
  );
}
