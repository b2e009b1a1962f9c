const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/g;

/**
 * A name for the middle of a sentence, so that it cannot turn the words beside it: where it has letters beyond ASCII,
 * between marks that keep its direction to itself, and without direction marks of its own.
 */
export function isolated(name: string): string {
  return /^[\0-\x7f]*$/.test(name) ? name : `\u2068${name.replace(DIRECTIONS, "")}\u2069`;
}
