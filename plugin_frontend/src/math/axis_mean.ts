/** An exponential mean along the time axis: its half-life is a share of the axis, so that a curve looks alike on both axes. */
export class AxisMean {
  #sum = 0;
  #weight = 0;
  #before = 0;

  /** `halfLife`: a value counts half so far behind, as a share of the axis. */
  constructor(private readonly halfLife: number) {}

  /** The mean with one more finite value, `share` of the axis' length from its start; shares ascend. */
  add(share: number, value: number): number {
    const decay = 0.5 ** Math.max(0, (share - this.#before) / this.halfLife);
    this.#sum = this.#sum * decay + value;
    this.#weight = this.#weight * decay + 1;
    this.#before = share;
    return this.#sum / this.#weight;
  }
}
