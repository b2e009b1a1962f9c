/** <cnn-filter-story>: a filter at each logged step, its norm, and how far it turned. Fires `story-step` with a step. */
import { LitElement, css, html, nothing, svg, type TemplateResult } from "lit";
import { CanvasGridRenderer } from "../../canvas/canvas_grid_renderer.ts";
import { NO_INSETS, layoutGrid } from "../../canvas/grid_layout.ts";
import { EMPTY, type GridScene } from "../../canvas/grid_scene.ts";
import { readTheme } from "../../canvas/grid_theme.ts";
import type { ChannelOrder, Palette } from "../../math/colour.ts";
import { formatNumber } from "../../math/format.ts";
import { magnitudesByBlock } from "../../math/ranges.ts";
import { base } from "../../parts/styles.ts";
import { svgDocument } from "../../parts/svg_document.ts";
import { filterValues, tileSize, type Kernels } from "./kernels.ts";
import { SETTLED_ABOVE, storyOf, type Story } from "./story.ts";
import { columnAt, columnCentre, pictured, storyLayout, type StoryLayout } from "./story_layout.ts";

/** A row of pictures: one tile of the filter, or all three channels folded. */
export interface StoryRow {
  readonly name: string;
  /** Among the filter's own tiles; "folded" for all. */
  readonly tile: number | "folded";
}

const CHARTS = 3;

export class FilterStory extends LitElement {
  static override properties = {
    history: { attribute: false },
    filter: { attribute: false },
    shown: { attribute: false },
    rows: { attribute: false },
    palette: { attribute: false },
    channels: {},
    bound: { attribute: false },
    colour: {},
    dash: {},
    hovered: { state: true },
    size: { state: true },
  };

  static override styles = [
    base,
    css`
      :host { display: block; position: relative; min-height: 0; overflow: hidden; cursor: pointer; }
      canvas, svg { position: absolute; left: 0; top: 0; }
      svg { overflow: visible; }
      text { font-size: var(--t-xs); fill: var(--ink-2); }
      .halo { paint-order: stroke; stroke: var(--page); stroke-width: 3px; stroke-linejoin: round; }
      .now { font-weight: var(--w-b); fill: var(--ink); }
      .here { font-weight: var(--w-b); fill: var(--here-ink); }
      .line { fill: none; stroke-width: 1.5; }
      .rule { stroke: var(--line); }
      .settled { stroke: var(--ink-2); stroke-dasharray: 2 2; }
      .frame { fill: none; stroke: var(--here); stroke-width: 2; }
      .pointed { fill: var(--ink); opacity: 0.06; }
    `,
  ];

  /** The layer at its logged steps, ascending; all of one shape. */
  declare history: readonly Kernels[];
  declare filter: number;
  /** The shown step. */
  declare shown: number;
  declare rows: readonly StoryRow[];
  declare palette: Palette;
  /** Which colours the three channels of a folded picture are. */
  declare channels: ChannelOrder;
  /** The ends of all pictures' colours: one scale over all steps. */
  declare bound: number;
  declare colour: string;
  declare dash: string;
  declare hovered: number | null;
  declare size: { width: number; height: number };

  private readonly renderer = new CanvasGridRenderer();
  private readonly resizing = new ResizeObserver(() => {
    const { width, height } = this.getBoundingClientRect();
    this.size = { width, height };
  });
  private scenes: { key: readonly unknown[]; scenes: GridScene[] } | null = null;
  private told: { key: readonly unknown[]; story: Story } | null = null;

  constructor() {
    super();
    this.history = [];
    this.filter = this.shown = this.bound = 0;
    this.rows = [];
    this.channels = "rgb";
    this.colour = "var(--ink)";
    this.dash = "";
    this.hovered = null;
    this.size = { width: 0, height: 0 };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.resizing.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizing.disconnect();
  }

  /** The numbers that are drawn. */
  get story(): Story {
    const key = [this.history, this.filter, this.shownIndex];
    if (!this.told || key.some((item, i) => item !== this.told!.key[i])) {
      this.told = { key, story: storyOf(this.history, this.filter, this.shownIndex) };
    }
    return this.told.story;
  }

  /** The biography as an SVG document: its curves as lines, the kernels above them as one picture. */
  toSvg(): string {
    const root = this.renderRoot.querySelector("svg");
    const canvas = this.renderRoot.querySelector("canvas");
    if (!root || !canvas) throw new Error("There is no biography yet");
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "image");
    picture.setAttribute("href", canvas.toDataURL());
    picture.setAttribute("width", String(this.size.width));
    picture.setAttribute("height", String(this.size.height));
    root.prepend(picture);
    try {
      return svgDocument(root);
    } finally {
      picture.remove();
    }
  }

  protected override render(): unknown {
    const { width, height } = this.size;
    if (!this.history.length || width < 100) return html`<canvas></canvas>`;
    const layout = this.layout;
    return html`<canvas></canvas>
      <svg
        width=${width} height=${height} role="img"
        aria-label="Filter ${this.filter} at ${this.history.length} logged steps"
        @pointermove=${(event: PointerEvent) => (this.hovered = this.indexAt(event))}
        @pointerleave=${() => (this.hovered = null)}
        @click=${(event: PointerEvent) => this.choose(this.indexAt(event))}
      >
        <rect width=${width} height=${height} fill="transparent"></rect>
        ${this.renderTicks(layout)} ${this.renderNames(layout)} ${this.renderCharts(layout)} ${this.renderHere(layout)}
      </svg>`;
  }

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector("canvas");
    if (!canvas || !this.history.length || this.size.width < 100) return;
    const density = window.devicePixelRatio || 1;
    canvas.width = Math.round(this.size.width * density);
    canvas.height = Math.round(this.size.height * density);
    canvas.style.width = `${this.size.width}px`;
    canvas.style.height = `${this.size.height}px`;
    const context = canvas.getContext("2d")!;
    context.setTransform(density, 0, 0, density, 0, 0);
    this.paintRows(context, this.layout);
  }

  private get shownIndex(): number {
    const index = this.history.findIndex(({ step }) => step === this.shown);
    return index < 0 ? this.history.length - 1 : index;
  }

  private get layout(): StoryLayout {
    const [first] = this.history as [Kernels, ...Kernels[]];
    return storyLayout({
      ...this.size,
      density: window.devicePixelRatio || 1,
      steps: this.history.length,
      rows: this.rows.length,
      charts: CHARTS,
      tileWidth: first.width,
      tileHeight: first.height,
    });
  }

  private indexAt(event: PointerEvent): number | null {
    return columnAt(this.layout, event.clientX - this.getBoundingClientRect().left, this.history.length);
  }

  private choose(index: number | null): void {
    const step = index === null ? undefined : this.history[index]?.step;
    if (step !== undefined) this.dispatchEvent(new CustomEvent("story-step", { detail: step }));
  }

  private paintRows(context: CanvasRenderingContext2D, layout: StoryLayout): void {
    const theme = readTheme(this);
    const density = window.devicePixelRatio || 1;
    this.rowScenes().forEach((scene, i) => {
      const tiles = Int32Array.from(this.history, (_, step) =>
        pictured(layout, step, this.shownIndex) ? step : EMPTY,
      );
      const viewport = { ...this.size, density, insets: { ...NO_INSETS, left: layout.left, top: layout.rowTops[i]! } };
      const grid = layoutGrid({ ...scene, tiles }, viewport, { cell: layout.cell, gap: 0, x: 0, y: 0 });
      const margin = (layout.pitch - scene.tileWidth * layout.cell) / 2;
      this.renderer.draw(
        context,
        {
          ...grid,
          dense: false,
          across: { ...grid.across, pitch: layout.pitch },
          pose: { ...grid.pose, x: -Math.max(0, margin) },
        },
        theme,
      );
    });
  }

  /** One scene a row: the same tile at every step, on one scale. */
  private rowScenes(): GridScene[] {
    const key = [this.history, this.filter, this.rows, this.palette, this.bound, this.channels];
    const dead = Uint8Array.from(this.history, (kernels) => kernels.dead[this.filter] ?? 0);
    if (this.scenes && key.every((item, i) => item === this.scenes!.key[i])) return this.scenes.scenes;
    const [first] = this.history as [Kernels, ...Kernels[]];
    const scenes = this.rows.map(({ tile }): GridScene => {
      const area = tileSize(first);
      const size = tile === "folded" ? 3 * area : area;
      const values = new Float32Array(size * this.history.length);
      this.history.forEach((kernels, step) => {
        const start = tile === "folded" ? 0 : tile * area;
        values.set(filterValues(kernels, this.filter).subarray(start, start + size), step * size);
      });
      return {
        values,
        tileWidth: first.width,
        tileHeight: first.height,
        columns: this.history.length,
        rows: 1,
        dead,
        colouring:
          tile === "folded"
            ? { kind: "folded", bound: magnitudesByBlock(values, size), order: this.channels }
            : { kind: "palette", palette: this.palette, range: { lo: -this.bound, hi: this.bound } },
      };
    });
    this.scenes = { key, scenes };
    return scenes;
  }

  private renderTicks(layout: StoryLayout): TemplateResult[] {
    const shown = this.shownIndex;
    let last = -Infinity;
    return this.history.flatMap(({ step }, i) => {
      const x = columnCentre(layout, i);
      const crowded = i !== shown && (x - last < 40 || Math.abs(x - columnCentre(layout, shown)) < 40);
      if (crowded) return [];
      last = x;
      return [svg`<text class=${i === shown ? "here" : ""} x=${x} y="11" text-anchor="middle">${step}</text>`];
    });
  }

  private renderNames(layout: StoryLayout): unknown {
    const at = (i: number): number => layout.rowTops[i]! + layout.rowHeight / 2 + 4;
    return this.rows.map(({ name }, i) => svg`<text x="0" y=${at(i)}>${name}</text>`);
  }

  private renderCharts(layout: StoryLayout): unknown {
    const { norms, toFirst, toShown, steps } = this.story;
    const shown = this.shownIndex;
    return [
      this.renderChart(layout, 0, ["norm"], norms, 0, Math.max(...norms.filter(Number.isFinite), 0)),
      this.renderChart(
        layout,
        1,
        ["cosine to", `step ${steps[0]}`],
        toFirst,
        Math.min(0, ...toFirst.filter(Number.isFinite)),
        1,
      ),
      this.renderChart(
        layout,
        2,
        ["cosine to", `step ${steps[shown]}`],
        toShown,
        Math.min(0, ...toShown.filter(Number.isFinite)),
        1,
      ),
      this.renderFate(layout),
    ];
  }

  private renderChart(
    layout: StoryLayout,
    chart: number,
    names: string[],
    values: readonly number[],
    lo: number,
    hi: number,
  ): unknown {
    const { top, height } = layout.charts[chart]!;
    const y = (value: number): number => top + 3 + (1 - (value - lo) / (hi - lo || 1)) * (height - 8);
    const now = this.hovered ?? this.shownIndex;
    const points = values.map((value, i) => [columnCentre(layout, i), y(value)] as const);
    const path = points
      .map(([x, at], i) =>
        Number.isFinite(at)
          ? `${i > 0 && Number.isFinite(points[i - 1]![1]) ? "L" : "M"}${x.toFixed(1)} ${at.toFixed(1)}`
          : "",
      )
      .join("");
    const dots = layout.pitch >= 8;
    const label = (index: number, kind: string): unknown => {
      const [x, at] = points[index]!;
      const right = kind === "now" && index > values.length / 2;
      const beside = this.frameWidth(layout) / 2 + 5;
      const shiftY = at - top < 16 ? 14 : -6;
      return svg`<text class="halo ${kind}" x=${right ? x - beside : kind === "now" ? x + beside : x - 4}
        y=${Number.isFinite(at) ? at + shiftY : top + height / 2} text-anchor=${right ? "end" : "start"}
        >${chart > 0 && this.isPointless(index, chart) ? "dead" : formatNumber(values[index]!, { digits: 3 })}</text>`;
    };
    return svg`
      ${names.map((name, i) => svg`<text x="0" y=${top + 12 + 13 * i}>${name}</text>`)}
      <line class="rule" x1=${layout.left} x2=${this.size.width} y1=${top + height} y2=${top + height}></line>
      <path class="line" d=${path} stroke=${this.colour} stroke-dasharray=${this.dash}></path>
      ${dots ? points.map(([x, at]) => (Number.isFinite(at) ? svg`<circle cx=${x} cy=${at} r="1.5" fill=${this.colour}></circle>` : nothing)) : nothing}
      ${now > values.length * 0.08 ? label(0, "") : nothing} ${label(now, "now")}`;
  }

  /** Whether a cosine is missing because the filter, or the one it is compared with, is practically dead. */
  private isPointless(index: number, chart: number): boolean {
    const { dead } = this.story;
    return dead[index]! || dead[chart === 1 ? 0 : this.shownIndex]!;
  }

  /** From which step on the filter is settled, or practically dead. */
  private renderFate(layout: StoryLayout): unknown {
    if (this.history.length < 2) return nothing;
    const { top, height } = layout.charts[2]!;
    const { steps, dead, deadFrom, settledFrom } = this.story;
    const step = deadFrom ?? settledFrom;
    const state = deadFrom === null ? "settled" : "practically dead";
    const rule =
      deadFrom === null
        ? `cosine to the shown step stays above ${SETTLED_ABOVE}`
        : "norm below 10⁻⁶ of the layer's median: no direction is left";
    const unsettled = dead[this.shownIndex]
      ? "practically dead at the shown step: it has no direction to compare with"
      : `not settled: the cosine to the shown step does not stay above ${SETTLED_ABOVE}`;
    const baseline = top + height - 5;
    if (step === null) {
      return svg`<text class="halo" x=${this.size.width - 12} y=${baseline} text-anchor="end">${unsettled}</text>`;
    }
    const index = steps.indexOf(step);
    const x = columnCentre(layout, index);
    // Once it is settled the curve stays at the top: below it there is room, up to the frame of the last column.
    const late = x > this.size.width - 400;
    const end =
      this.shownIndex === this.history.length - 1
        ? columnCentre(layout, this.shownIndex) - this.frameWidth(layout) / 2 - 6
        : this.size.width - 8;
    return svg`
      <line class="settled" x1=${x} x2=${x} y1=${top} y2=${top + height}></line>
      <text class="halo" x=${late ? end : x + 6} y=${baseline} text-anchor=${late ? "end" : "start"}
        ><tspan class="now">${state} from step ${step} on</tspan><tspan dx="14">${rule}</tspan></text>`;
  }

  private frameWidth(layout: StoryLayout): number {
    return Math.max(Math.min(layout.pitch, 40), this.history[0]!.width * layout.cell + 2);
  }

  private renderHere(layout: StoryLayout): unknown {
    const width = this.frameWidth(layout);
    const box = (index: number, className: string): unknown => svg`<rect class=${className} rx="2"
      x=${columnCentre(layout, index) - width / 2 + 1} y="15" width=${Math.max(2, width - 2)}
      height=${Math.max(0, Math.min(layout.height, this.size.height) - 18)}></rect>`;
    const { hovered } = this;
    return [hovered === null ? nothing : box(hovered, "pointed"), box(this.shownIndex, "frame")];
  }
}

customElements.define("cnn-filter-story", FilterStory);
