/** Code points that begin in `[start, end)` of `text`, where a lone surrogate is one. */
export function countCodePoints(text: string, start = 0, end = text.length): number {
  let pairs = 0;
  for (let index = start; index < end; index++) {
    if ((text.charCodeAt(index) & 0xfc00) !== 0xdc00 || index === 0) continue;
    if ((text.charCodeAt(index - 1) & 0xfc00) === 0xd800) pairs++;
  }
  return end - start - pairs;
}

/** Where a part of `text` that starts at `start` ends after about `length` units: a pair of surrogates stays together. */
export function endOfPart(text: string, start: number, length: number): number {
  const end = Math.min(start + length, text.length);
  const isCut = end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return isCut ? end + 1 : end;
}
