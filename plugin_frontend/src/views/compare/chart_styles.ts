import { css } from "lit";

/** What the chart's drawing needs, on the page and in a file. */
export const drawingStyles = css`
  svg {
    font-family: var(--font);
    font-size: 11px;
    font-variant-numeric: tabular-nums;
  }
  .grid {
    stroke: var(--line);
  }
  .tick {
    fill: var(--ink-3);
  }
  .ink {
    fill: var(--ink);
  }
  .title {
    fill: var(--ink);
    font-size: 13px;
  }
  .gap {
    opacity: 0.11;
  }
  .here {
    stroke: var(--here);
    stroke-width: 2;
  }
  .crosshair {
    stroke: var(--ink-2);
    stroke-width: 1;
  }
  .target {
    stroke: var(--ink);
    stroke-width: 1;
    stroke-dasharray: 5 4;
  }
  .ring {
    fill: var(--page);
    fill-opacity: 0.6;
    stroke-width: 2;
  }
  .leader {
    fill: none;
    stroke-width: 1;
    opacity: 0.7;
  }
  .leader.far {
    opacity: 0.3;
    stroke-dasharray: 1 3;
  }
  .label {
    paint-order: stroke;
    stroke: var(--page);
    stroke-width: 3;
    stroke-linejoin: round;
  }
  .strong {
    font-weight: var(--w-b);
  }
  .odd.nan {
    fill: var(--nan);
  }
  .odd.inf {
    fill: var(--inf);
  }
`;

export const chartStyles = css`
  :host {
    display: block;
    position: relative;
    /* As wide as the view, so that its plot lies over the scrubber's axis. */
    margin: 0 calc(-1 * var(--s4));
  }
  .frame {
    display: grid;
    grid-template-columns: var(--axis-left) minmax(0, 1fr) var(--axis-gutter);
  }
  .layer {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    overflow: visible;
    pointer-events: none;
  }
  .plot {
    grid-column: 2;
    position: relative;
    cursor: crosshair;
    touch-action: pan-y;
  }
  .plot:focus-visible {
    outline-offset: 4px;
  }
  .canvas {
    position: absolute;
    inset: 0;
  }
  .zoomed {
    position: absolute;
    background: color-mix(in srgb, var(--ink) 9%, transparent);
    border: 1px solid var(--ink-3);
    pointer-events: none;
  }
  .slider {
    position: absolute;
    left: 0;
    right: 0;
    height: 12px;
    margin-top: -6px;
    cursor: ns-resize;
    touch-action: none;
  }
  .slider::after {
    content: "";
    position: absolute;
    right: -3px;
    width: 6px;
    height: 12px;
    border-radius: var(--r1);
    background: var(--ink);
  }
`;
