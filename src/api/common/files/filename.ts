import { ServeError } from "../../../core/error.ts";

const maxCharacters = 255;
/** Characters that end lines, hide text or turn its direction. */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A name to show, whatever a client called its file: no path, nothing that cannot be seen. Throws `invalid_request`. */
export function toFilename(given: string): string {
  const name = (given.split(/[/\\]/).at(-1) ?? "").replaceAll(unseen, "_").trim();
  if (name.length > maxCharacters) {
    throw new ServeError(
      "invalid_request",
      `The name of 'file' must have at most ${maxCharacters} characters.`,
      {
        code: "string_above_max_length",
        param: "file",
      },
    );
  }
  return name === "" || /^\.+$/.test(name) ? "file" : name.toWellFormed();
}

/** The header under which a client saves a file (RFC 6266); the name can say nothing else in it. */
export function attachment(filename: string): string {
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(filename).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
