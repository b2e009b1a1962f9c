/** What has to be said of run B, above the picture. */
import { html, nothing } from "lit";
import { isolated } from "../../parts/isolated.ts";
import "../../parts/notice.ts";
import type { Session } from "../../state/session.ts";

export function noticeOfB(session: Session, shownB: { step: number } | null): unknown {
  const { runB, layer, step } = session;
  if (runB === null || !layer || !session.detailB) return nothing;
  if (!session.stepsOf(runB, "filters", layer.path).length) {
    return notice("Run B has no filters of this layer", `${isolated(runB)} did not log ${isolated(layer.name)}.`);
  }
  return shownB && shownB.step !== step
    ? notice(`Run B is shown at step ${shownB.step}`, `It did not log step ${step}; ${shownB.step} is the nearest.`)
    : nothing;
}

function notice(heading: string, text: string): unknown {
  return html`<cnn-notice class="notice" heading=${heading} text=${text}></cnn-notice>`;
}
