import { html, nothing } from "lit";
import type { RecordsQuery } from "../../data/api.ts";
import type { GridElement } from "../../canvas/grid_element.ts";
import type { Rect } from "../../canvas/grid_layout.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import { isolated } from "../../parts/isolated.ts";
import "../../parts/message.ts";
import { cutNameStyles } from "../../parts/cut_name.ts";
import { base, controls } from "../../parts/styles.ts";
import "../../parts/view_layout.ts";
import { hasKind } from "../../state/selectors.ts";
import { probeQuery } from "../../state/probe.ts";
import { RecordsController } from "../../state/records_controller.ts";
import { ViewElement } from "../view.ts";
import type { Actions } from "./actions.ts";
import { channelsMode } from "./channels_mode.ts";
import { colourMap, type Scaling } from "./colours.ts";
import { sightOf, valueAt, type Focus } from "./focus.ts";
import { faintError, faintNotice } from "./faint_error.ts";
import { imagePart } from "./image_part.ts";
import { deadWord, layerMaps, type LayerMaps } from "./layer_maps.ts";
import { layersMode } from "./layers_mode.ts";
import { mapsCsv } from "./maps_csv.ts";
import { kindOf, MAPS_VIEW, type MAPS_FIELDS, type MapsKind, type Mode } from "./maps_definition.ts";
import { headControls, subtitle } from "./maps_head.ts";
import { barLabels, colourBar, colourChoice, errorOf, layerTable } from "./maps_legend.ts";
import { mapsPng } from "./maps_png.ts";
import { cellRectOf } from "./maps_probe.ts";
import { mapsViewStyles } from "./maps_view_styles.ts";
import { patchRow } from "./patch_row.ts";
import { imageOf, isSignal } from "../../parts/probe_image.ts";
import { allLayersQuery, lastMapsQuery, mapsQuery, predictionsQuery, sweepWish } from "./queries.ts";
import { unreadable } from "./unreadable.ts";
import { Scenes, scaleWords } from "./scenes.ts";
import { restingFocus, type Shown } from "./view_model.ts";
import { StepSweep } from "./step_sweep.ts";
import { stepsMode } from "./steps_mode.ts";
import { unitsMode } from "./units_mode.ts";

/**
 * Maps: what does the layer make of this image?
 *
 * For tests in a browser: `cellRect(channel, row, column, run)` is the client rectangle of a cell on the grid of all
 * channels, and `state` says what is shown, null while anything is on its way.
 */
export class MapsView extends ViewElement<typeof MAPS_FIELDS> {
  static override properties = { ...ViewElement.properties, pointed: { state: true } };
  static override styles = [base, controls, cutNameStyles, mapsViewStyles];

  readonly definition = MAPS_VIEW;
  /** The cell under the pointer or the keyboard's cursor. */
  declare pointed: Focus | null;

  readonly #a = this.#records(() => mapsQuery(this.session, this.session.runA, this.#kind));
  readonly #b = this.#records(() => {
    const { runA, runB } = this.session;
    return runB === null || runB === runA ? null : mapsQuery(this.session, runB, this.#kind);
  });
  readonly #last = this.#records(() => lastMapsQuery(this.session, this.#kind));
  readonly #input = this.#records(() => this.#inputQuery());
  readonly #layers = this.#records(() =>
    this.options.mode === "layers" ? allLayersQuery(this.session, this.#kind) : null,
  );
  readonly #probe = this.#records(() => probeQuery(this.session));
  readonly #predictions = this.#records(() => predictionsQuery(this.session, this.session.runA));
  readonly #sweep = new StepSweep(
    this,
    () => this.session,
    () => (this.#allSteps || this.options.mode === "steps" ? this.#wishOf(this.session.runA) : null),
  );
  readonly #sweepB = new StepSweep(
    this,
    () => this.session,
    () => (this.#allSteps && this.#b.query ? this.#wishOf(this.session.runB) : null),
  );
  readonly #scenes = new Scenes();
  #shown: Shown | null = null;
  #scaling: Scaling | null = null;
  #focus: Focus | null = null;

  constructor() {
    super();
    this.pointed = null;
  }

  #records(want: () => RecordsQuery | null): RecordsController {
    return new RecordsController(this, () => this.session, want);
  }

  /** The maps that a pooling layer read, where those are another layer's. */
  #inputQuery(): RecordsQuery | null {
    const record = this.#a.records?.[0];
    const maps = record ? layerMaps(record) : null;
    const run = this.#a.query?.run;
    if (!record || !maps || maps instanceof Error || maps.inputLayer === null || run === undefined) return null;
    return { run, kind: "feature_maps", layers: [maps.inputLayer], steps: [record.step] };
  }

  get #kind(): MapsKind {
    return kindOf(this.options.of, this.session.detailA);
  }

  /** The scale needs every step. */
  get #allSteps(): boolean {
    const { scale } = this.options;
    return scale === "steps" || (scale === "layer" && this.session.playing);
  }

  #wishOf(run: string | null) {
    return sweepWish(this.session, run, this.#kind, this.#a.records?.[0]?.bytes ?? 0);
  }

  readonly #actions: Actions = {
    point: (focus) => {
      this.pointed = focus;
    },
    choose: (channel) => {
      const again = channel === this.session.state.channel && this.options.mode === "channels";
      if (again && this.#shown?.a.maps.stack.axes !== 0) this.setOptions({ mode: "steps" });
      else this.session.set({ channel });
    },
    goto: (step) => this.session.set({ step: step === this.session.steps.at(-1) ? "last" : step }),
    openLayer: (path, channel) => {
      this.session.set({ layer: path, channel });
      this.setOptions({ mode: "channels" });
    },
    back: () => void this.#back(),
  };

  #back(): boolean {
    if (this.options.mode !== "channels") this.setOptions({ mode: "channels" });
    else if (this.session.state.channel !== null) this.session.set({ channel: null });
    else return false;
    return true;
  }

  override handleKey(event: KeyboardEvent): boolean {
    return event.key === "Escape" && this.#back();
  }

  override render(): unknown {
    const record = this.#a.records?.[0] ?? null;
    const maps = record && layerMaps(record);
    // While another layer is on its way, the old one is named and drawn.
    const layer = this.session.layers.find((each) => each.path === record?.layer) ?? this.session.layer;
    this.#shown = null;
    const slow = [this.#a, this.#b, this.#probe, this.#layers].some((each) => each.slow);
    return html`<cnn-view-layout
      .how=${this.session.view?.howToRead ?? MAPS_VIEW.howToRead}
      ?busy=${slow}
      .progress=${slow && this.session.step !== null ? `step ${this.session.step}` : ""}
    >
      <span slot="title" title=${layer?.path ?? ""}>${layer?.name ?? ""}</span>
      ${
        maps instanceof Error
          ? html`<cnn-message heading="These maps cannot be drawn" .text=${maps.message}></cnn-message>`
          : maps && layer
            ? this.#body((this.#shown = this.#show(layer, maps)))
            : this.#a.error
              ? unreadable(this.session, layer?.name ?? "", this.#a.error)
              : nothing
      }
    </cnn-view-layout>`;
  }

  #show(layer: Shown["layer"], a: LayerMaps): Shown {
    const record = this.#b.records?.[0];
    const b = record?.layer === this.session.pathIn(this.#b.query?.run ?? null, layer.path) ? layerMaps(record!) : null;
    const last = this.#last.records?.[0];
    const lastMaps = last && this.#last.query?.run === this.#a.query?.run ? layerMaps(last) : null;
    const { image, channel } = this.session.state;
    return this.#scenes.shown({
      layer,
      a,
      b: b instanceof Error ? null : b,
      image,
      channel,
      runA: this.#a.query?.run ?? "",
      runB: this.#b.query?.run ?? null,
      sort: this.options.sort,
      slice: this.options.slice,
      last: lastMaps instanceof Error ? null : lastMaps,
      playing: this.session.playing,
    });
  }

  #body(shown: Shown): unknown {
    const { options, session } = this;
    const mode = options.mode as Mode;
    const sweeps = shown.b ? [this.#sweep, this.#sweepB] : [this.#sweep];
    const scaling = this.#scenes.scaling({ shown, mode, by: options.scale, sweeps, playing: session.playing });
    this.#scaling = scaling;
    const map = colourMap(scaling.signed, options);
    const pointed = this.#pointedNow(shown, mode);
    const focus = pointed ?? restingFocus(shown.layer, shown.a.maps, shown.channel, shown.image, shown.slice);
    this.#focus = focus;
    const kept = shown.image < shown.a.maps.stack.images;
    const [probe = null] = this.#probe.records ?? [];
    const [predictions = null] = this.#predictions.records ?? [];
    const [input = null] = this.#input.records ?? [];
    return html`
      <span slot="subtitle">${subtitle(shown, this.#a.error ? session.step : null)}</span>
      <div slot="controls" class="controls">${headControls(shown, options, hasKind(session.detailA, "error_maps"), (patch) => this.setOptions(patch))}</div>
      <div class="picture">
        ${imagePart({ session, shown, focus, scaling, map, probe, predictions, input, actions: this.#actions })}
        <div class="maps ${mode}">
          ${kept ? this.#mode(shown, focus, pointed !== null, scaling, map) : this.#notKept(shown)}
        </div>
      </div>
      ${this.#legend(shown, focus, pointed !== null, scaling, map)}
    `;
  }

  /** The pointed cell; on new maps of the same layer where it rests while the steps move on under it. */
  #pointedNow(shown: Shown, mode: Mode): Focus | null {
    const { pointed } = this;
    if (!pointed) return null;
    const { a, b } = shown;
    if (mode !== "channels" || pointed.maps === a.maps || pointed.maps === b?.maps) return pointed;
    const same = pointed.layer.path === shown.layer.path && shown.classes.active.includes(pointed.channel);
    return same ? { ...pointed, maps: a.maps } : null;
  }

  #mode(shown: Shown, focus: Focus | null, pointed: boolean, scaling: Scaling, map: ColourMap): unknown {
    const { session, options } = this;
    const actions = this.#actions;
    if (options.mode === "layers") {
      const tiles = this.#scenes.layerTiles(this.#layers.records ?? [], session.layers, shown, options);
      return layersMode(tiles, shown, focus, pointed, actions);
    }
    if (shown.a.maps.stack.axes === 0) {
      const last = session.layers.at(-1)?.path === shown.layer.path;
      return unitsMode(shown, scaling, map, last ? (session.detailA?.model?.class_names ?? null) : null, actions);
    }
    if (options.mode === "steps") {
      const scene = this.#scenes.steps(shown, this.#sweep, scaling, map);
      return stepsMode({ shown, sweep: this.#sweep, scene, logged: session.steps.length, focus, pointed, actions });
    }
    const scenes = this.#scenes.channels(shown, scaling, map);
    return html`${this.#missingB(shown)} ${this.#faint(shown, scaling)} ${channelsMode({ shown, scaling, map, scenes, focus, pointed, actions })}`;
  }

  #faint({ a: { maps }, image }: Shown, { shared }: Scaling): unknown {
    if (!maps.isError) return nothing;
    return faintNotice(faintError(maps.statistics, image), {
      showImage: (other) => this.session.set({ image: other }),
      scaleByMap: shared ? () => this.setOptions({ scale: "map" }) : null,
    });
  }

  /** Why run B is chosen and not seen. */
  #missingB({ b, layer }: Shown): unknown {
    const { runB, runA } = this.session;
    if (b || runB === null || runB === runA || this.#b.loading) return nothing;
    const why = this.#b.records
      ? "its maps of this layer have another size"
      : `it has no maps of ${isolated(layer.name)}`;
    return html`<p class="quiet name">B, ${isolated(runB)}, is not shown: ${why}.</p>`;
  }

  #notKept({ image, a: { maps } }: Shown): unknown {
    return html`<cnn-message
      heading="Maps of image ${image} were not kept"
      text="The log holds maps of the first ${maps.stack.images} of ${maps.statistics.images} probe images; more would not have fitted into max_bytes_per_step. The exact numbers of all of them are in the CSV."
    >
      <button slot="actions" class="primary" @click=${() => this.session.set({ image: 0 })}>Show image 0</button>
    </cnn-message>`;
  }

  #legend(shown: Shown, focus: Focus | null, pointed: boolean, scaling: Scaling, map: ColourMap): unknown {
    const { options } = this;
    const words = { scale: scaleWords(shown, scaling, this.#sweep, this.session.playing) };
    const one = focus ?? { maps: shown.a.maps, channel: shown.channel };
    const bar = this.#scenes.bar(shown, scaling, one, words);
    const value = focus && pointed ? (valueAt(focus, shown.image)?.value ?? null) : null;
    const { signed } = scaling;
    const probe = this.#probe.records?.[0];
    const patches =
      !shown.a.maps.isError &&
      probe?.arrays["display"] &&
      this.#scenes.patches(shown.a.maps, shown.layer, shown.channel, probe, this.session.layers);
    return html`
      ${colourBar({ layer: shown.layer, error: errorOf(shown.a.maps), signed, map, ...bar, value })}
      ${colourChoice(signed, signed ? options.signed : options.magnitude, (name) =>
        this.setOptions(signed ? { signed: name } : { magnitude: name }),
      )}
      ${layerTable(shown.layer, shown.a.maps, shown.b ? "This layer in A," : "This layer,")}
      ${patches ? patchRow(shown, patches, (patch) => this.session.set({ image: patch.image })) : nothing}
    `;
  }

  /** The client rectangle of a cell of a channel in run A's grid (or B's); null while that channel is not drawn. */
  cellRect(channel: number, row: number, column: number, run: "A" | "B" = "A"): Rect | null {
    return cellRectOf(this.renderRoot, this.#shown, channel, row, column, run);
  }

  /** What is shown; null while nothing is or something is still on its way. */
  get state(): object | null {
    const shown = this.#shown;
    if (!shown || [this.#a, this.#b, this.#last, this.#probe, this.#layers].some((each) => each.loading)) return null;
    const { layer, a, b, image, channel, classes } = shown;
    return {
      kind: a.maps.record.kind,
      layer: layer.path,
      image,
      channel,
      ...classes,
      scale: this.#scaling?.shared ?? null,
      signed: this.#scaling?.signed,
      a: { run: a.run, step: a.maps.record.step },
      b: b && { run: b.run, step: b.maps.record.step },
    };
  }

  override async savePng(): Promise<Blob> {
    const shown = this.#shown;
    if (!shown) throw new Error("there is no picture yet");
    const { a, b, layer, image, channel, classes } = shown;
    const probe = this.#probe.records?.[0];
    const picture = probe ? imageOf(probe, image, isSignal(this.session.layers)) : null;
    const scaling = this.#scaling ?? { by: "map", signed: a.maps.signed, shared: null };
    const focus = this.#focus;
    const bar = this.#scenes.bar(shown, scaling, focus ?? { maps: a.maps, channel }, { scale: "" });
    const runs = [a, ...(b ? [b] : [])].map((side) => `${side.run}, step ${side.maps.record.step}`).join(" | ");
    const practically = classes.dead.filter((each) => deadWord(a.maps, each) === "practically dead");
    const list = (channels: readonly number[]): string => channels.join(", ") || "none";
    return mapsPng(this, {
      title: `${layer.name}${a.maps.isError ? ", backpropagated error" : ""}, probe image ${image}: ${runs}`,
      notes: [
        `${classes.active.length} active; silent: ${list(classes.silent)}; dead: ${list(classes.dead.filter((each) => !practically.includes(each)))}${practically.length ? `; practically dead: ${list(practically)}` : ""}`,
      ],
      image: picture,
      seen: focus && sightOf(focus, picture).mark,
      map: colourMap(scaling.signed, this.options),
      labels: barLabels(bar.scale, scaling.signed),
      grids: [...this.renderRoot.querySelectorAll<GridElement>(".maps cnn-grid")],
    });
  }

  override saveCsv(): string {
    const shown = this.#shown;
    if (!shown) throw new Error("there are no numbers yet");
    return mapsCsv(shown.layer.path, shown.image, [shown.a, ...(shown.b ? [shown.b] : [])]);
  }
}

customElements.define(MAPS_VIEW.tag, MapsView);
