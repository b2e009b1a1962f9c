import { html, nothing } from "lit";
import "../../parts/message.ts";
import { nearestStep } from "../../state/selectors.ts";
import type { Session } from "../../state/session.ts";

/** In place of the maps where the first ones asked for cannot be read: why, and the nearest other step. */
export function unreadable(session: Session, layer: string, error: unknown): unknown {
  const { step, steps } = session;
  const other =
    step === null
      ? null
      : nearestStep(
          steps.filter((each) => each !== step),
          step,
        );
  return html`<cnn-message
    heading="Step ${step} of ${layer} cannot be read"
    .text=${error instanceof Error ? error.message : String(error)}
    more="The other ${steps.length - 1} logged steps have records of their own."
  >
    ${
      other === null
        ? nothing
        : html`<button slot="actions" class="primary" @click=${() => session.set({ step: other })}>Go to step ${other}</button>`
    }
  </cnn-message>`;
}
