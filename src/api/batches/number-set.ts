/** A set of whole numbers as ranges, both ends included, in order and with gaps between them. */
export type NumberSet = readonly (readonly [number, number])[];

export function hasNumber(set: NumberSet, number: number): boolean {
  return set.some(([from, to]) => from <= number && number <= to);
}

export function addNumber(set: NumberSet, number: number): NumberSet {
  const before = set.filter(([, to]) => to < number - 1);
  const after = set.filter(([from]) => from > number + 1);
  const touching = set.slice(before.length, set.length - after.length);
  const from = Math.min(number, ...touching.map((range) => range[0]));
  const to = Math.max(number, ...touching.map((range) => range[1]));
  return [...before, [from, to], ...after];
}

export function countNumbers(set: NumberSet): number {
  return set.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}
