import { jsonObject, jsonText } from "../common/json-text.ts";

/** Events of which only a text changes from one to the next; made once for many. */
export interface DeltaTemplate {
  readonly before: string;
  readonly between: string;
}

/**
 * Writes the events of one stream, numbered from 0 without a gap. Events up to number `after` are counted and not
 * written, which is how a reader goes on where it was, and how nobody's events cost nothing.
 */
export class EventWriter {
  readonly #after: number;
  #next = 0;

  constructor(after = -1) {
    this.#after = after;
  }

  /** Number of the last event that was written, or was not wanted. */
  get written(): number {
    return Math.max(this.#after, this.#next - 1);
  }

  event(type: string, fields: Readonly<Record<string, unknown>>): string {
    const number = this.#next++;
    if (number <= this.#after) return "";
    return `event: ${type}\ndata: ${jsonObject({ type, sequence_number: number, ...fields })}\n\n`;
  }

  template(type: string, fields: Readonly<Record<string, unknown>>): DeltaTemplate {
    const whole = JSON.stringify({ type, ...fields });
    const head = `{"type":${JSON.stringify(type)}`;
    return {
      before: `event: ${type}\ndata: ${head},"sequence_number":`,
      between: `${whole.slice(head.length, -1)},"delta":`,
    };
  }

  /** `more` stands behind the text, as JSON with a comma in front. */
  delta({ before, between }: DeltaTemplate, text: string, more = ""): string {
    const number = this.#next++;
    if (number <= this.#after) return "";
    return `${before}${number}${between}${jsonText(text)}${more}}\n\n`;
  }
}
