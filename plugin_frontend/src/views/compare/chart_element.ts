import { html, LitElement, nothing, unsafeCSS, type PropertyValues } from "lit";
import uplotCss from "uplot/dist/uPlot.min.css?inline";
import type { StepHeatmap } from "../../canvas/step_heatmap.ts";
import { formatPlain } from "../../math/plain_number.ts";
import { base } from "../../parts/styles.ts";
import { stepped, zoomedBy } from "./across.ts";
import { longestBehind, type Chart } from "./chart.ts";
import { chartStyles, drawingStyles } from "./chart_styles.ts";
import { documentSvg, FOOT, groundSvg, marksSvg, pixelsOf, type Place } from "./chart_svg.ts";
import { CurveCanvas } from "./curve_canvas.ts";
import type { RunNorms } from "./multiples.ts";
import type { Zoom } from "./own_fields.ts";
import { savedMultiples } from "./saved_multiples.ts";

/** Above the plot, for the ends of upright lines. */
const HEAD = 8;

/** A drag that is shorter is a click; one that is flatter chooses no range of values. Pixels. */
const LEAST_DRAG = 5;
const LEAST_TALL = 24;

interface Drag {
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
}

/**
 * The lines of many runs on one pair of axes. It fires
 *   chart-point  a place on the axis, or null: the crosshair
 *   chart-zoom   a Zoom, or null: all
 *   chart-target a value: the target line was moved
 */
export class CompareChart extends LitElement {
  static override properties = {
    chart: { attribute: false },
    height: { type: Number },
    pointed: { attribute: false },
    dark: { type: Boolean },
    width: { state: true },
    drag: { state: true },
  };
  static override styles = [base, unsafeCSS(uplotCss), drawingStyles, chartStyles];

  declare chart: Chart | null;
  declare height: number;
  /** Where the crosshair stands on the axis. */
  declare pointed: number | null;
  declare dark: boolean;
  declare width: number;
  declare drag: Drag | null;
  readonly #canvas = new CurveCanvas();
  readonly #resize = new ResizeObserver(() => this.#measure());
  #drawn: readonly unknown[] = [];
  #frame = 0;

  constructor() {
    super();
    this.chart = this.pointed = this.drag = null;
    this.height = 260;
    this.dark = false;
    this.width = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#canvas.remove();
    this.#drawn = [];
  }

  /** Gutters and plot. */
  get place(): Place {
    const plot = this.renderRoot.querySelector<HTMLElement>(".plot");
    const left = plot?.offsetLeft ?? 0;
    return { left, right: this.clientWidth - left - this.width, top: HEAD, width: this.width, height: this.height };
  }

  override render(): unknown {
    const { chart, place, drag } = this;
    const ready = chart && this.width > 0;
    return html`
      ${ready ? html`<svg class="layer" aria-hidden="true">${groundSvg(chart, place)}</svg>` : nothing}
      <div class="frame" .style=${`padding:${HEAD}px 0 ${FOOT}px`}>
        <div
          class="plot"
          tabindex="0"
          role="application"
          aria-roledescription="line chart"
          aria-label=${chart?.words ?? ""}
          .style=${`height:${this.height}px`}
          @pointerdown=${this.#press}
          @pointermove=${this.#move}
          @pointerleave=${() => !this.drag && this.#tell("chart-point", null)}
          @dblclick=${() => this.#tell("chart-zoom", null)}
          @keydown=${this.#key}
        >
          <div class="canvas"></div>
          ${drag ? html`<div class="zoomed" .style=${this.#dragBox(drag)}></div>` : nothing}
          ${ready ? this.#target(chart, place) : nothing}
        </div>
      </div>
      ${ready ? html`<svg class="layer" aria-hidden="true">${marksSvg(chart, place, this.pointed)}</svg>` : nothing}
    `;
  }

  #target(chart: Chart, place: Place): unknown {
    const { target, values } = chart;
    const y = target === null ? Number.NaN : pixelsOf(chart, place).y(target);
    if (target === null || !(y >= 0 && y <= place.height)) return nothing;
    return html`<div
      class="slider"
      role="slider"
      tabindex="0"
      aria-label="Target"
      aria-orientation="vertical"
      aria-valuemin=${values.lo}
      aria-valuemax=${values.hi}
      aria-valuenow=${target}
      aria-valuetext=${formatPlain(target)}
      title="Target ${formatPlain(target)}: drag, or ↑ ↓"
      .style=${`top:${y}px`}
      @pointerdown=${this.#grabTarget}
      @keydown=${this.#targetKey}
    ></div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    this.#measure();
    const { chart, width, height } = this;
    const key = [chart?.lines, chart?.across, chart?.values, width, height, this.dark];
    if (!chart || width <= 0 || key.every((part, i) => part === this.#drawn[i])) return;
    this.#drawn = key;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const root = this.renderRoot.querySelector<HTMLElement>(".canvas");
      if (root && this.chart) this.#canvas.draw(root, this.chart, this.width, this.height);
    });
  }

  /** What `svgDocument` takes: the whole chart, lines and all. */
  async drawing(title: string, norms: readonly RunNorms[], maps: readonly StepHeatmap[]): Promise<unknown> {
    const { chart, place, pointed } = this;
    if (!chart) throw new Error("there is no chart yet");
    const below = await savedMultiples(norms, maps, {
      x: place.left,
      y: place.height + HEAD + FOOT,
      width: place.width,
    });
    return documentSvg(title, chart, place, HEAD + FOOT, pointed, below);
  }

  /** Where a point stands, in pixels of the window, for tests in a browser. */
  pixelOf(x: number, y: number): { x: number; y: number } | null {
    if (!this.chart) return null;
    const box = this.#box;
    const pixel = pixelsOf(this.chart, this.place);
    return { x: box.left + pixel.x(x), y: box.top + pixel.y(y) };
  }

  get #box(): DOMRect {
    return this.renderRoot.querySelector(".plot")!.getBoundingClientRect();
  }

  #measure(): void {
    this.width = this.renderRoot.querySelector(".plot")?.clientWidth ?? 0;
  }

  #tell(name: "chart-point" | "chart-zoom" | "chart-target", detail: number | Zoom | null): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #inside(event: PointerEvent): readonly [number, number] {
    const box = this.#box;
    const held = (value: number, most: number): number => Math.min(most, Math.max(0, value));
    return [held(event.clientX - box.left, box.width), held(event.clientY - box.top, box.height)];
  }

  #dragBox({ from, to }: Drag): string {
    const [left, right] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
    const flat = Math.abs(to[1] - from[1]) < LEAST_TALL;
    const [top, bottom] = flat ? [0, this.height] : [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
    return `left:${left}px;width:${right - left}px;top:${top}px;height:${bottom - top}px`;
  }

  readonly #press = (event: PointerEvent): void => {
    if (event.button !== 0 || event.defaultPrevented) return;
    const from = this.#inside(event);
    this.#follow(
      event,
      (to) => {
        const far = Math.abs(to[0] - from[0]) >= LEAST_DRAG;
        this.drag = far ? { from, to } : null;
      },
      () => {
        const { drag } = this;
        this.drag = null;
        if (drag) this.#zoomTo(drag);
      },
    );
  };

  #zoomTo({ from, to }: Drag): void {
    const { chart, width, height } = this;
    if (!chart) return;
    const x = [from[0], to[0]].sort((a, b) => a - b).map((at) => chart.across.toX(at / width)) as [number, number];
    const flat = Math.abs(to[1] - from[1]) < LEAST_TALL;
    const y = [from[1], to[1]].sort((a, b) => b - a).map((at) => chart.values.toValue(1 - at / height)) as [
      number,
      number,
    ];
    this.#tell("chart-zoom", { x, y: flat ? null : y });
  }

  readonly #move = (event: PointerEvent): void => {
    if (!this.chart || this.drag) return;
    this.#tell("chart-point", this.chart.across.toX(this.#inside(event)[0] / this.width));
  };

  readonly #grabTarget = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    event.preventDefault();
    (event.currentTarget as HTMLElement).focus();
    this.#follow(
      event,
      (to) => this.#moveTarget(this.chart!.values.toValue(1 - to[1] / this.height)),
      () => {},
    );
  };

  /** Calls `moved` with places inside the plot until the pointer is let go. */
  #follow(event: PointerEvent, moved: (to: readonly [number, number]) => void, ended: () => void): void {
    const target = event.currentTarget as HTMLElement;
    target.setPointerCapture(event.pointerId);
    const move = (next: PointerEvent): void => moved(this.#inside(next));
    const end = (): void => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", end);
      target.removeEventListener("pointercancel", end);
      ended();
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", end);
    target.addEventListener("pointercancel", end);
  }

  /** Three digits of the axis' range are what a hand can aim at. */
  #moveTarget(value: number): void {
    const { lo, hi, kind } = this.chart!.values;
    const unit = 10 ** Math.floor(Math.log10(kind === "log" ? Math.abs(value) || 1 : hi - lo) - 2);
    this.#tell("chart-target", Number((Math.round(Math.min(hi, Math.max(lo, value)) / unit) * unit).toPrecision(6)));
  }

  readonly #targetKey = (event: KeyboardEvent): void => {
    const by = { ArrowUp: 0.01, ArrowDown: -0.01, PageUp: 0.1, PageDown: -0.1 }[event.key];
    const { chart } = this;
    if (by === undefined || !chart || chart.target === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.#moveTarget(chart.values.toValue(chart.values.toShare(chart.target) + by));
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.chart || !this.#useKey(event, this.chart)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  #useKey(event: KeyboardEvent, chart: Chart): boolean {
    const { stops, across, axis } = chart;
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (by !== undefined && stops.length) {
      this.#tell("chart-point", stops[stepped(stops, this.pointed, by * (event.shiftKey ? 10 : 1))]!);
    } else if (event.key === "Escape" && this.pointed !== null) {
      this.#tell("chart-point", null);
    } else if (event.key === "+" || event.key === "=" || event.key === "-" || event.key === "−") {
      const nearer = event.key === "+" || event.key === "=";
      const part = zoomedBy(across, axis, nearer ? 0.5 : 2, this.pointed ?? across.toX(0.5));
      const beyond = nearer || across.zoomed ? null : longestBehind(chart.lines, axis);
      this.#tell("chart-zoom", part ? { x: part, y: null } : beyond === null ? null : { x: [0, beyond], y: null });
    } else if (event.key === "0") {
      this.#tell("chart-zoom", null);
    } else return false;
    return true;
  }
}

customElements.define("cnn-compare-chart", CompareChart);
