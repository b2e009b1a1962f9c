import * as chosen from "../state/choose_run.ts";
import type { Host } from "../host/tensorboard.ts";
import { imageCount } from "../state/probe.ts";
import type { Session } from "../state/session.ts";
import { formatFields } from "../state/fields.ts";
import { SHARED_FIELDS } from "../state/url_state.ts";
import type { ViewElement } from "../views/view.ts";
import { choiceOf, isChoosable } from "./strip/choosable.ts";
import type { StripItem } from "./strip/fold.ts";
import { copyText, download, fileName } from "./save.ts";

/** What keys and buttons do to the session. Each says in words what it did, or null where that can be seen. */

/** The next (or an earlier) run of those shown becomes A. */
export function moveRun(session: Session, shown: readonly string[], by: number): void {
  const at = shown.indexOf(session.wishedA ?? "");
  const run = shown[(at + by + shown.length) % Math.max(1, shown.length)];
  if (run !== undefined) session.set({ run, runB: session.runB === run ? null : session.runB });
}

/** `pointed`, or the run behind A, becomes B; if there is a B and none is pointed at, there is none afterwards. */
export function setB(session: Session, shown: readonly string[], pointed: string | null): void {
  const a = session.wishedA;
  if (pointed !== null && pointed !== a) session.set({ runB: pointed === session.runB ? null : pointed });
  else if (session.runB !== null) session.set({ runB: null });
  else session.set({ runB: shown[(shown.indexOf(a ?? "") + 1) % Math.max(1, shown.length)] ?? null });
}

export function hideRun(session: Session, run: string | null): void {
  if (run === null) return;
  chosen.hideRun(session, run);
  session.announce(`${run} is ${session.state.hidden.includes(run) ? "hidden" : "shown"} in charts`);
}

export function swapRuns(session: Session): void {
  if (session.runB !== null && session.wishedA !== null) session.set({ run: session.runB, runB: session.wishedA });
}

/** The next tile (or the one before) that the view can show something of. */
export function moveLayer(session: Session, items: readonly StripItem[], by: 1 | -1): void {
  const path = session.layer?.path;
  const at = items.findIndex((item) => item.layers.some((layer) => layer.path === path));
  const rest = by > 0 ? items.slice(at + 1) : items.slice(0, Math.max(0, at)).toReversed();
  const next = rest.find((item) => isChoosable(session, item));
  if (next) session.set({ layer: choiceOf(session, next) });
}

export function moveImage(session: Session, by: number): void {
  const count = imageCount(session);
  if (count) session.set({ image: (session.state.image + by + count) % count });
}

/** The address of exactly what is shown: what was left to chance is pinned. */
function linkTo(session: Session, host: Host): string {
  const pinned = { view: session.view?.id ?? null, run: session.runA, layer: session.layer?.path ?? null };
  const step = session.step ?? session.state.step;
  return host.link(formatFields(SHARED_FIELDS, { ...pinned, step }, session.raw));
}

export async function copyLink(session: Session, host: Host): Promise<string> {
  return (await copyText(linkTo(session, host))) ? "Link copied" : "The browser does not allow copying";
}

export async function savePng(session: Session, view: ViewElement | null): Promise<string> {
  if (!view?.savePng) return "This view has no picture now";
  const name = fileName(session, "png");
  download(await view.savePng(), name);
  return `Saved ${name}`;
}

export async function saveSvg(session: Session, view: ViewElement | null): Promise<string> {
  if (!view?.saveSvg) return "This view has no chart now";
  const name = fileName(session, "svg");
  download(new Blob([await view.saveSvg()], { type: "image/svg+xml" }), name);
  return `Saved ${name}`;
}

export async function saveCsv(session: Session, view: ViewElement | null): Promise<string> {
  if (!view?.saveCsv) return "This view has no table now";
  const name = fileName(session, "csv");
  download(new Blob([await view.saveCsv()], { type: "text/csv" }), name);
  return `Saved ${name}`;
}
