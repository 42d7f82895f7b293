/** One rendering for the thread: the template's source, and its variables as JSON text. */
export interface RenderJob {
  source: string;
  variables: string;
}

/** What came of it: the prompt, the template's own words of refusal, or why it could not be rendered. */
export type RenderReply = { text: string } | { refusal: string } | { failure: string };

/** What the thread says first, once. */
export const ready = "ready";
