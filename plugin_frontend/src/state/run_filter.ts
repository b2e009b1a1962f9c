/**
 * Whether a run's name is meant by a pattern: words that all must occur, `*` for anything, `-word` must not occur, `|`
 * between alternatives. Case does not count. No regular expressions: a pattern can come with a link, and a hostile one
 * would hang the page.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  const lower = name.toLowerCase();
  const alternatives = pattern.toLowerCase().split("|").map(words);
  return (
    alternatives.every((list) => list.length === 0) || alternatives.some((list) => list.length > 0 && list.every(meant))
  );

  function meant(word: string): boolean {
    return word.length > 1 && word.startsWith("-") ? !occurs(lower, word.slice(1)) : occurs(lower, word);
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** The pieces between `*` one after another: each as early as it comes, which is never worse than later. */
function occurs(text: string, word: string): boolean {
  let from = 0;
  for (const piece of word.split("*")) {
    const at = text.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return true;
}
