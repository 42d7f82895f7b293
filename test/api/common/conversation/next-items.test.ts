import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mergeHistory } from "../../../../src/api/common/conversation/merge.ts";
import { itemsAfter, itemsAfterTurn } from "../../../../src/api/common/conversation/next-items.ts";
import { isSameMessage } from "../../../../src/api/common/conversation/same-message.ts";
import { sizeOfJson } from "../../../../src/api/common/conversation/size.ts";
import { toTranscript, type Transcript } from "../../../../src/api/common/conversation/transcript.ts";
import { fromMessages } from "../../../../src/api/common/items/from-messages.ts";
import type { Item } from "../../../../src/api/common/items/kinds.ts";
import { toMessages } from "../../../../src/api/common/items/to-messages.ts";
import type { Message } from "../../../../src/core/generation.ts";
import { arbitraryMessages } from "../../../support/arbitrary-messages.ts";

const wide = { maxMessages: 1_000, maxBytes: 1_000_000 };
const answer: Message = { role: "assistant", content: [{ type: "text", text: "The answer." }] };
const mute: Item = { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "x".repeat(400) };

function kept(items: readonly Item[]): Transcript {
  return toTranscript({ version: 1, items, bytes: items.map(sizeOfJson) });
}

function turns(count: number): Item[] {
  return Array.from({ length: count }, (_, index) =>
    fromMessages([{ role: "user", content: [{ type: "text", text: `Q${index}` }] }, answer]),
  ).flat();
}

/** Items of messages, with some between them that say nothing. */
const arbitraryItems = fc
  .tuple(arbitraryMessages, fc.array(fc.nat(20), { maxLength: 4 }))
  .map(([messages, places]) => {
    const items = fromMessages(messages);
    for (const [index, place] of places.entries()) {
      items.splice(place % (items.length + 1), 0, { ...mute, id: `rs_${index}` });
    }
    return items;
  });

test("a turn makes of items what it would make of the messages that they say", () => {
  fc.assert(
    fc.property(arbitraryItems, arbitraryMessages, (items, messages) => {
      const stored = kept(items);
      const wanted = [...mergeHistory(stored.messages, messages), answer];

      const said = toMessages(itemsAfterTurn(stored, { messages, answer }, wide));

      expect(said).toHaveLength(wanted.length);
      expect(said.every((message, index) => isSameMessage(message, wanted[index] ?? answer))).toBe(true);
    }),
  );
});

test("a turn that goes on leaves every item as it was, those that say nothing too", () => {
  fc.assert(
    fc.property(arbitraryItems, (items) => {
      const question: Message = { role: "user", content: [{ type: "text", text: "And?" }] };

      const next = itemsAfterTurn(kept(items), { messages: [question], answer }, wide);

      expect(next.slice(0, items.length).every((item, index) => item === items[index])).toBe(true);
      expect(next).toHaveLength(items.length + 2);
    }),
  );
});

describe("what is too much", () => {
  test("costs the oldest turns, whole, and with what says nothing in them", () => {
    const stored = kept([mute, ...turns(10)]);

    const next = itemsAfter(
      stored,
      { added: turns(1), param: "items" },
      { maxMessages: 20, maxBytes: 1_000_000 },
    );

    expect(next.length).toBeLessThanOrEqual(20);
    expect(next).not.toContain(mute);
    expect(next.slice(0, -2).every((item) => stored.items.includes(item))).toBe(true);
  });

  test("is counted with the items that say nothing", () => {
    const stored = kept(turns(3));
    const added = [...Array.from({ length: 5 }, (_, index) => ({ ...mute, id: `rs_${index}` })), ...turns(1)];

    expect(
      itemsAfter(stored, { added, param: "items" }, { maxMessages: 100, maxBytes: 3_500 }),
    ).not.toContain(stored.items[0]);
  });

  test("is refused where there is nothing to leave out, by the field it came in", () => {
    for (const added of [[mute], fromMessages([answer])]) {
      expect(() =>
        itemsAfter(kept([]), { added, param: "items" }, { maxMessages: 9, maxBytes: 100 }),
      ).toThrow(expect.objectContaining({ code: "conversation_too_large", param: "items" }));
    }
  });
});
