/**
 * Where labels stand beside a chart so that none covers another: in the order wished, at least `gap` apart, between `lo`
 * and `hi`, with the least sum of squared distances to where they belong (isotonic regression by pooling neighbours that
 * violate the order: de Leeuw, Hornik, Mair, "Isotone Optimization in R", 2009, https://doi.org/10.18637/jss.v032.i05).
 *
 * wished: ascending. Returns as many places; where they do not fit between the bounds they go beyond `hi`.
 */
export function labelPlaces(wished: readonly number[], gap: number, lo: number, hi: number): number[] {
  const blocks: { sum: number; count: number }[] = [];
  const mean = (block: { sum: number; count: number }): number => block.sum / block.count;
  for (const [i, place] of wished.entries()) {
    let block = { sum: place - i * gap, count: 1 };
    for (let before = blocks.at(-1); before && mean(before) >= mean(block); before = blocks.at(-1)) {
      block = { sum: before.sum + block.sum, count: before.count + block.count };
      blocks.pop();
    }
    blocks.push(block);
  }
  const highest = Math.max(lo, hi - (wished.length - 1) * gap);
  const starts = blocks.flatMap((block) =>
    Array.from({ length: block.count }, () => Math.min(highest, Math.max(lo, mean(block)))),
  );
  return starts.map((start, i) => start + i * gap);
}
