/** What has to be said above the picture. */
import { html, nothing, type TemplateResult } from "lit";
import { formatCount } from "../../math/format.ts";
import "../../parts/notice.ts";
import { hasKind } from "../../state/selectors.ts";
import type { Session } from "../../state/session.ts";
import type { GradientsData } from "./gradients_data.ts";

export function notices(session: Session, data: GradientsData): unknown {
  return [errorNotice(data), leftOutNotice(data), apartNotice(session, data), noticeOfB(session, data)];
}

function errorNotice(data: GradientsData): unknown {
  if (!data.error) return nothing;
  return html`<cnn-notice class="notice" heading="The gradients cannot be read" text=${String(data.error)}>
    <button class="link" @click=${() => data.retry()}>Try again</button>
  </cnn-notice>`;
}

function leftOutNotice(data: GradientsData): unknown {
  const leftOut =
    (data.a.norms?.leftOut ?? 0) +
    (data.b.norms?.leftOut ?? 0) +
    (data.a.places?.leftOut ?? 0) +
    (data.b.places?.leftOut ?? 0);
  if (!leftOut) return nothing;
  return notice(
    `${formatCount(leftOut)} ${leftOut === 1 ? "record is" : "records are"} left out`,
    "They cannot be read, or are of a model with another number of variables.",
  );
}

/** Layers whose error would be a zero that means nothing: they have no row. */
function apartNotice({ layers }: Session, data: GradientsData): unknown {
  const apart = data.a.places?.apart ?? [];
  if (apart.length === 0) return nothing;
  const named = apart
    .slice(0, 8)
    .map(({ layer, why }) => `${layers.find(({ path }) => path === layer)?.name ?? layer}: ${why}`);
  return notice(
    "Not on the loss' path",
    `${named.join("; ")}${apart.length > 8 ? ` and ${apart.length - 8} more` : ""}.`,
  );
}

function noticeOfB(session: Session, data: GradientsData): unknown {
  const { runB, detailB, layer } = session;
  if (runB === null || !detailB) return nothing;
  if (!hasKind(detailB, "gradients")) return notice("Run B has no gradients", `${runB} did not log any.`);
  const path = session.pathIn(runB);
  const known = detailB.model?.variables.some((variable) => variable.layer === path) ?? false;
  return known || data.b.loading
    ? nothing
    : notice("Run B has no such layer", `${runB} logged no variables of ${layer?.name}.`);
}

function notice(heading: string, text: string): TemplateResult {
  return html`<cnn-notice class="notice" heading=${heading} text=${text}></cnn-notice>`;
}
