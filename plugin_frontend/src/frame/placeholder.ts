import { html, nothing, type TemplateResult } from "lit";
import { cutMiddle } from "../math/cut_middle.ts";
import { stepsOfView } from "../state/selectors.ts";
import type { Kind, LayerRecord, RunDetail } from "../data/schema.ts";
import { RELOAD } from "../parts/lazy_elements.ts";
import { quoted } from "../parts/isolated.ts";
import { reasonLeftOut } from "../state/left_out.ts";
import type { Loader } from "../state/loader.ts";
import type { Session } from "../state/session.ts";
import type { ViewStatus } from "../state/view_status.ts";
import "../parts/message.ts";
import "../parts/loading_bar.ts";

const CALLBACK = `import tb_cnnviz

cnnviz = tb_cnnviz.CNNViz("runs/first",
                          probe=(x[:8], y[:8]))
model.fit(x, y, callbacks=[cnnviz])`;

/** What stands in the view's place: reason, what works, one way on. */
export function placeholder(situation: ViewStatus, session: Session, loader: Loader): unknown {
  switch (situation.is) {
    case "ready":
      return nothing;
    case "loading":
      return loading("reading the log");
    case "offline":
      return message(
        "The log cannot be read",
        situation.error.reason,
        again("Try again", () => void loader.poll()),
      );
    case "no-runs":
      return html`<cnn-message
        heading="No run has logged anything yet"
        text="Add one callback to the training. This page finds the run by itself as soon as it starts, below the folder that TensorBoard was given as --logdir."
        .code=${CALLBACK}
        more="The probe is a few images that stay the same. The page shows what the network makes of them at every logged step."
      ></cnn-message>`;
    case "no-run":
      return message(
        `Run ${shorten(situation.run)} is not there`,
        "The link names a run that is not below TensorBoard's folder, or it was deleted.",
        ...firstRun(session),
      );
    case "unreadable-run":
      return message(
        `Run ${shorten(situation.run)} cannot be read`,
        situation.error.reason,
        again("Try again", () => loader.retryDetail(situation.run)),
      );
    case "no-kind":
      return html`<cnn-message
        .heading=${situation.view.empty.title}
        .text=${situation.view.empty.text}
        .code=${situation.view.empty.code}
        .more=${situation.other.length ? `The run has ${situation.other.map((view) => view.title).join(" and ")}.` : ""}
        >${
          situation.other[0]
            ? again(`Open ${situation.other[0].title}`, () => session.set({ view: situation.other[0]?.id ?? null }))
            : nothing
        }</cnn-message
      >`;
    case "several-layers":
      return severalLayers(situation.path, situation.candidates, session);
    case "no-layer":
      return message(
        `Layer ${shorten(situation.path)} is not in run ${shorten(session.runA ?? "")}`,
        `The link names a layer that this run does not have. ${layersInWords(situation.layers)}`,
        ...openLayer(session, situation.layers.at(-1) ?? null),
      );
    case "bare-layer":
      return message(
        `${shorten(situation.layer.name)} has no ${situation.kind.replaceAll("_", " ")}`,
        bareReason(situation.layer, situation.kind, session.detailA),
        ...openLayer(session, situation.next),
        ...otherViewOf(session, situation.layer.path),
      );
  }
}

/** While the view's own module is on its way. */
export function loadingModule(): TemplateResult {
  return loading("loading the view");
}

export function failedModule(title: string, retry: () => void): TemplateResult {
  return message(`${title} could not be loaded`, RELOAD, again("Try again", retry));
}

function loading(text: string): TemplateResult {
  return html`<div class="wait"><cnn-loading-bar .text=${text}></cnn-loading-bar></div>`;
}

function message(heading: string, text: string, ...actions: TemplateResult[]): TemplateResult {
  return html`<cnn-message .heading=${heading} .text=${text}>${actions}</cnn-message>`;
}

function again(label: string, act: () => void, primary = true): TemplateResult {
  return html`<button slot="actions" class=${primary ? "primary" : ""} @click=${act}>${label}</button>`;
}

function firstRun(session: Session): TemplateResult[] {
  const run = session.runs?.runs[0]?.name;
  return run === undefined ? [] : [again(`Open ${shorten(run)}`, () => session.set({ run, layer: null }))];
}

function openLayer(session: Session, path: string | null): TemplateResult[] {
  if (path === null) return [];
  const name = session.layers.find((layer) => layer.path === path)?.name ?? path;
  return [again(`Open ${shorten(name)}`, () => session.set({ layer: path }))];
}

const MOST_CANDIDATES = 8;

/** The link names the end of more than one layer's path. */
function severalLayers(name: string, candidates: readonly string[], session: Session): TemplateResult {
  const shown = candidates.slice(0, MOST_CANDIDATES);
  const more = candidates.length > shown.length ? `, the first ${shown.length} of them here` : "";
  return message(
    `${candidates.length} layers end with ${shorten(name)}`,
    `The link names a layer by the end of its path, which is not enough in this run${more}. Choose one.`,
    ...shown.map((path, i) => again(shorten(path), () => session.set({ layer: path }), i === 0)),
  );
}

/** Another view that has something of this layer. */
function otherViewOf(session: Session, path: string): TemplateResult[] {
  const view = session.views.find(
    (each) =>
      each.id !== session.view?.id && each.scope !== "network" && stepsOfView(session.detailA, each, path).length > 0,
  );
  return view ? [again(`Open its ${view.title}`, () => session.set({ view: view.id }), false)] : [];
}

function bareReason({ path, role }: LayerRecord, kind: Kind, detail: RunDetail | null): string {
  const isOperation = role === "convolution" || role === "pooling";
  if (kind === "filters" && role !== "convolution")
    return "It has no kernels: only convolutions have filters, recurrent ones too.";
  if (kind === "operations" && !isOperation) return "The Lab computes convolutions and pooling layers alone.";
  const told = reasonLeftOut(detail?.notices ?? [], kind, path);
  if (told !== null) return `The log says why: ${quoted(told)}`;
  if (kind === "operations") {
    return (
      "The Lab needs its input and output in full, and this run did not log them: the layer may have been left out by the " +
      "callback's argument `layers`, or have been too large for what a step may take. The notices of the run say more."
    );
  }
  if (kind === "gradients") return "It has no weights, so it receives no gradient of its own.";
  if (kind === "feature_maps" && role !== "convolution" && role !== "pooling") {
    return "Maps are logged of convolutions and pooling layers.";
  }
  return "Nothing of it was logged: the layer may have been left out by the callback's argument `layers`.";
}

function layersInWords(layers: readonly string[]): string {
  if (layers.length === 0) return "";
  if (layers.length === 1) return `It has ${shorten(layers[0] ?? "")}.`;
  return `It has ${layers.length}, from ${shorten(layers[0] ?? "")} to ${shorten(layers.at(-1) ?? "")}.`;
}

/** A name of any length as part of a sentence, its direction kept to itself. */
function shorten(name: string): string {
  return `\u2068${cutMiddle(name, 60)}\u2069`;
}
