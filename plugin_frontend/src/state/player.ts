import { firstAtLeast } from "./selectors.ts";
import type { Session } from "./session.ts";

const INTERVAL_MS = 160;

/** Walks along the logged steps: by key, by button, or by itself, never faster than the pictures come. */
export class Player {
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly session: Session) {}

  get playing(): boolean {
    return this.session.playing;
  }

  /** Go `by` logged steps on (or back), stopping at the ends. */
  move(by: number): void {
    const { steps, step } = this.session;
    if (step === null) return;
    const at = firstAtLeast(steps, step);
    this.goto(Math.min(steps.length - 1, Math.max(0, at + by)));
  }

  first(): void {
    this.goto(0);
  }

  /** Go to the last step and follow the run from there. */
  last(): void {
    this.session.set({ step: "last" });
  }

  /** Go to the logged step of this index; at the last one, follow the run. */
  goto(index: number): void {
    const { steps } = this.session;
    const step = steps[index];
    if (step !== undefined) this.session.set({ step: index === steps.length - 1 ? "last" : step });
  }

  toggle(): void {
    if (this.playing) this.stop();
    else this.#start();
  }

  stop(): void {
    if (!this.playing) return;
    this.session.playing = false;
    clearInterval(this.#timer);
    this.session.changed();
  }

  #start(): void {
    const { steps, step } = this.session;
    if (steps.length < 2) return;
    if (step === steps[steps.length - 1]) this.goto(0);
    this.session.playing = true;
    this.#timer = setInterval(() => this.#advance(), INTERVAL_MS);
    this.session.changed();
  }

  #advance(): void {
    const { steps, step, pending } = this.session;
    if (pending > 0) return;
    if (step === null || step === steps[steps.length - 1]) this.stop();
    else this.move(1);
  }
}
