/** Shares of a whole in per cent, never rounded to 0 or 100 where it is not. */

export function formatPercent(share: number): string {
  if (Number.isNaN(share)) return "NaN";
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  if (percent < 100 && percent > 99.9) return "> 99.9 %";
  const coarse = percent === 0 || percent === 100 || (percent >= 1 && percent <= 99);
  return `${coarse ? percent.toFixed(0) : percent.toFixed(1)} %`;
}
