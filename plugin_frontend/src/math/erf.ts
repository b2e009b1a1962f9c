/**
 * The error function in double precision: its Maclaurin series with positive terms up to 3,
 * erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)), and behind it the continued fraction of erfc.
 * Both: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6 and 7.1.14.
 */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude <= 6)) return Number.isNaN(x) ? NaN : Math.sign(x);
  const tail = Math.exp(-magnitude * magnitude) / Math.sqrt(Math.PI);
  return Math.sign(x) * (magnitude < 3 ? 2 * tail * series(magnitude) : 1 - tail / fraction(magnitude));
}

function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return sum;
}

function fraction(x: number): number {
  let value = x;
  for (let n = 60; n > 0; n--) value = x + n / 2 / value;
  return value;
}
