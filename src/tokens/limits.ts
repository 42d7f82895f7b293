/**
 * Most characters of one count: what is encoded in a quarter of a second. More is estimated, and nobody needs to
 * put it together first.
 */
export const maxCharacters = 1_000_000;

/** Most texts of one count. */
export const maxTexts = 20_000;

/**
 * A job up to this size, in characters and one for each text, is encoded as soon as it arrives; a larger one waits
 * for the others of its kind. Jobs that are sent together stay below it together.
 */
export const smallJob = 16_384;
