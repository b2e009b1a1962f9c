/** Seeded values for tests: the same everywhere. */

export class RandomValues {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0 || 1;
  }

  /** Marsaglia's xorshift32: uniform in [0, 1). */
  uniform(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32;
  }

  integer(least: number, most: number): number {
    return least + Math.floor(this.uniform() * (most - least + 1));
  }

  /** Signed, over many orders of magnitude. */
  wild(): number {
    return (this.uniform() - 0.5) * 10 ** this.integer(-6, 4);
  }

  /** float32 values; a `share` of them NaN, +Inf, −Inf or zero. */
  weights(length: number, share = 0): Float32Array {
    const special = [NaN, Infinity, -Infinity, 0, -0];
    const scale = 10 ** this.integer(-4, 2);
    return Float32Array.from({ length }, () =>
      this.uniform() < share ? special[this.integer(0, special.length - 1)]! : (this.uniform() - 0.5) * scale,
    );
  }
}
