import { cutMiddle } from "../math/cut_middle.ts";

const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/g;
const MOST = 120;
const MOST_OF_SENTENCES = 500;

/**
 * A name for the middle of a sentence, so that it can neither turn the words beside it nor push them out of sight: cut
 * in the middle where it is longer than 120 characters; where it has letters beyond ASCII, between marks that keep its
 * direction to itself, and without direction marks of its own.
 */
export function isolated(name: string): string {
  const cut = cutMiddle(name, MOST);
  return /^[\0-\x7f]*$/.test(name) ? cut : `\u2068${cut.replace(DIRECTIONS, "")}\u2069`;
}

/** Sentences of a log among others: as long as a notice may be, and with no direction of their own. */
export function quoted(text: string): string {
  return `\u2068${cutMiddle(text, MOST_OF_SENTENCES).replace(DIRECTIONS, "")}\u2069`;
}
