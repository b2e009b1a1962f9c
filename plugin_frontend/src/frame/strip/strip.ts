import { html, nothing, svg } from "lit";
import { repeat } from "lit/directives/repeat.js";
import "../../parts/picture.ts";
import type { Picture } from "../../parts/picture.ts";
import { pictureOf } from "../../parts/record_pictures.ts";
import { severityMark, severityStyles } from "../../parts/severity.ts";
import { base } from "../../parts/styles.ts";
import { probeQuery } from "../../state/probe.ts";
import { RecordsController } from "../../state/records_controller.ts";
import { SessionElement } from "../../state/session_element.ts";
import { describeLayer, spatialSide } from "../../state/shapes.ts";
import { alarmsByLayer, kindWords, worstAlarm } from "../../state/verdict_order.ts";
import { choiceOf, isChoosable } from "./choosable.ts";
import { edgesOf } from "../../math/edges.ts";
import { edgesSvg, type TilePlace } from "./edges_svg.ts";
import { foldStrip, type StripItem } from "./fold.ts";
import { cellWidth, sheetCount, tileSide } from "./geometry.ts";
import { glyphOf } from "../../parts/glyph.ts";
import { foldName, foldNote, headAndTail } from "./labels.ts";
import { mapsQuery, predictionsQuery } from "./queries.ts";
import { stripStyles } from "./strip_styles.ts";

const SHEET = 2;
/** What a tile needs above its picture, for the sheets, and below it, for name and note. */
const ABOVE = 8;
const BELOW = 35;

/** The probe image on its way through the network: a tile a layer, the current one in orange. */
export class Strip extends SessionElement {
  static override properties = { ...SessionElement.properties, width: { state: true }, height: { state: true } };
  declare width: number;
  declare height: number;
  #items: StripItem[] = [];
  #itemsOf: unknown[] = [];
  #shownLayer: string | null = null;
  readonly #resize = new ResizeObserver(() => this.#measure());
  readonly #session = (): typeof this.session => this.session;
  readonly #probe = new RecordsController(this, this.#session, () => probeQuery(this.session));
  readonly #predictions = new RecordsController(this, this.#session, () => predictionsQuery(this.session));
  readonly #maps = new RecordsController(this, this.#session, () =>
    mapsQuery(
      this.session,
      this.#tiles().map((item) => item.face.path),
    ),
  );

  constructor() {
    super();
    this.width = 0;
    this.height = 0;
  }

  static override styles = [base, severityStyles, stripStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  /** The tiles, for the keys that walk along them. */
  get items(): readonly StripItem[] {
    return this.#tiles();
  }

  override render(): unknown {
    const items = this.#tiles();
    if (items.length === 0 || this.width === 0) return nothing;
    const cell = cellWidth(items.length, this.width);
    const pitch = Math.max(cell, this.width / items.length);
    const arts = items.map((item) => this.#artOf(item));
    const line = ABOVE + (this.height - ABOVE - BELOW) / 2;
    const places = arts.map((art, i): TilePlace => {
      const middle = pitch * (i + 0.5);
      return {
        middle,
        left: middle - art.width / 2,
        right: middle + art.width / 2 + SHEET * art.sheets,
        top: line - art.height / 2 - SHEET * art.sheets,
      };
    });
    const edges = edgesOf(items);
    const alarms = alarmsByLayer(
      this.session.verdicts.of(this.session.runA).value?.verdicts ?? [],
      this.session.detailA,
    );
    return html`<div class="row" role="group" aria-label="Layers" .style=${`width:${pitch * items.length}px`}>
      <svg class="edges" width=${pitch * items.length} aria-hidden="true">${edgesSvg(edges, places, line)}</svg>
      ${repeat(
        items,
        (item) => item.face.path,
        (item, i) => this.#tile(item, arts[i] as Art, cell, alarms),
      )}
    </div>`;
  }

  protected override updated(): void {
    const path = this.session?.layer?.path ?? null;
    if (path === this.#shownLayer) return;
    this.#shownLayer = path;
    const tile = this.renderRoot.querySelector<HTMLElement>('[aria-current="true"]');
    if (tile) this.scrollTo({ left: tile.offsetLeft + tile.offsetWidth / 2 - this.clientWidth / 2 });
  }

  #tile(item: StripItem, art: Art, cell: number, alarms: ReturnType<typeof alarmsByLayer>): unknown {
    const { session } = this;
    const here = item.layers.some((layer) => layer.path === session.layer?.path);
    const label = item.folded ? foldName(item) : item.face.name;
    const note = item.folded ? foldNote(item) : describeLayer(item.face);
    const found = item.layers.flatMap((layer) => alarms.get(layer.path) ?? []);
    const worst = worstAlarm(found);
    return html`<button
      class=${isChoosable(session, item) ? "" : "without"}
      aria-current=${here}
      tabindex=${here ? 0 : -1}
      title=${titleOf(item, art.picture, note, kindWords(found))}
      .style=${`width:${cell}px`}
      @click=${() => session.set({ layer: choiceOf(session, item) })}
    >
      <span class="art" .style=${`width:${art.width}px;height:${art.height}px`}>
        ${Array.from({ length: art.sheets }, (_, i) => art.sheets - i).map(
          (n) => html`<span class="sheet" .style=${`transform:translate(${n * SHEET}px,${-n * SHEET}px)`}></span>`,
        )}
        ${
          art.picture
            ? html`<cnn-picture .picture=${art.picture}></cnn-picture>`
            : svg`<svg width="1" height="1" aria-hidden="true">${glyphOf(item.face)}</svg>`
        }
        ${item.folded ? html`<span class="count">${item.layers.length}</span>` : nothing}
      </span>
      <span class="label">${shortened(label)}${worst ? severityMark(worst) : nothing}</span>
      <span class="note name">${note}</span>
    </button>`;
  }

  #artOf(item: StripItem): Art {
    const picture = this.#pictureOf(item.face.path, item.face.role);
    const room = Math.max(20, this.height - ABOVE - BELOW - 7);
    if (!picture) return { picture, width: 18, height: 22, sheets: item.folded ? 3 : 0 };
    if (picture.width === 1) return { picture, width: 10, height: room, sheets: 0 };
    const side = tileSide(item.face, this.#largestSide(), room);
    const flat = picture.height === 1 ? 0.35 : picture.height / picture.width;
    const [width, height] = flat <= 1 ? [side, side * flat] : [side / flat, side];
    return { picture, width, height, sheets: item.folded ? 4 : sheetCount(item.face) };
  }

  #largestSide(): number {
    return Math.max(1, ...this.session.layers.map((layer) => spatialSide(layer) ?? 0));
  }

  #pictureOf(path: string, role: string): Picture | null {
    const { image } = this.session.state;
    if (role === "input") return this.#draw(this.#probe, null, image);
    const maps = this.#draw(this.#maps, path, image);
    const isLast = this.session.layers.at(-1)?.path === path;
    return maps ?? (isLast ? this.#draw(this.#predictions, null, image) : null);
  }

  #draw(controller: RecordsController, layer: string | null, image: number): Picture | null {
    const own = controller.query?.run === this.session.runA ? controller.records : null;
    const record = own?.find((each) => each.layer === layer);
    return record ? pictureOf(record, image) : null;
  }

  #tiles(): StripItem[] {
    const key = [this.session.layers, this.session.layer?.path ?? null];
    if (key.some((part, i) => part !== this.#itemsOf[i]) || this.#itemsOf.length === 0) {
      this.#itemsOf = key;
      this.#items = foldStrip(this.session.layers, this.session.layer?.path ?? null);
    }
    return this.#items;
  }

  #measure(): void {
    this.width = this.clientWidth;
    this.height = this.clientHeight;
  }
}

interface Art {
  readonly picture: Picture | null;
  readonly width: number;
  readonly height: number;
  readonly sheets: number;
}

/** A long name keeps its end, in which layers differ. */
function shortened(label: string): unknown {
  const [head, tail] = headAndTail(label);
  return html`<span class="name">${head}</span>${tail ? html`<span class="tail">${tail}</span>` : nothing}`;
}

function titleOf(item: StripItem, picture: Picture | null, note: string, verdicts: string): string {
  const what = item.folded
    ? `${item.layers.length} layers, ${item.layers[0]?.name} to ${item.layers.at(-1)?.name}; click to unfold`
    : item.layers.map((layer) => `${layer.path} (${layer.type || "layer"})`).join(", ");
  return [what, note, verdicts && `Verdicts: ${verdicts}.`, picture ? `Shown: ${picture.words}.` : ""]
    .filter(Boolean)
    .join("\n");
}

customElements.define("cnn-strip", Strip);
