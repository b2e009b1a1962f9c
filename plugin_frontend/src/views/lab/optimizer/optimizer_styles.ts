import { css } from "lit";

export const optimizerStyles = css`
  :host {
    display: block;
    height: 100%;
  }
  .room {
    min-height: 100%;
  }
  .caption {
    color: var(--ink-2);
    margin-bottom: var(--s1);
  }
  /* As wide as the view, so that the plot lies over the scrubber's axis. */
  .frame {
    position: relative;
    margin: 0 calc(-1 * var(--s4));
    display: grid;
    grid-template-columns: var(--axis-left) minmax(0, 1fr) var(--axis-gutter);
  }
  .plot {
    grid-column: 2;
    height: 0;
  }
  svg.picture {
    grid-column: 1 / -1;
    display: block;
    overflow: visible;
    cursor: crosshair;
    font: var(--w-r) var(--t-xs) / 1 var(--font);
    font-variant-numeric: tabular-nums;
  }
  text {
    fill: var(--ink);
    font-size: 11px;
  }
  .tick {
    fill: var(--ink-3);
  }
  .title {
    fill: var(--ink-2);
  }
  .grid {
    stroke: var(--line);
    fill: none;
  }
  .axis {
    stroke: var(--line-strong);
    fill: none;
  }
  .estimated {
    fill: url(#estimated);
  }
  .estimated-line {
    fill: var(--hatch);
    fill-opacity: 0.45;
  }
  .run {
    stroke: var(--bars);
    stroke-width: 7px;
    stroke-linejoin: round;
    fill: none;
  }
  .dot {
    fill: var(--ink-3);
  }
  .path {
    stroke-width: 1.4px;
    stroke-linejoin: round;
    fill: none;
  }
  .path.chosen {
    stroke-width: 2.6px;
  }
  .guess {
    stroke-dasharray: 5 3;
  }
  .stems {
    stroke: var(--ink-2);
    stroke-width: 1.4px;
    fill: none;
  }
  .nan {
    fill: var(--nan);
  }
  .inf {
    fill: var(--inf);
  }
  .here {
    stroke: var(--here);
    stroke-width: 2px;
    fill: none;
  }
  .leader {
    fill: none;
    stroke-width: 1px;
    opacity: 0.45;
  }
  .end {
    cursor: pointer;
  }
  .label {
    paint-order: stroke;
    stroke: var(--page);
    stroke-width: 3px;
    stroke-linejoin: round;
  }
  .strong {
    font-weight: var(--w-b);
  }
  .settings {
    display: flex;
    flex-wrap: wrap;
    align-items: flex-end;
    gap: var(--s2) var(--s3);
    margin: var(--s3) 0;
  }
  .settings label {
    display: grid;
    gap: 2px;
    color: var(--ink-2);
    font-size: var(--t-xs);
  }
  .settings input {
    width: 104px;
    font-size: var(--t-s);
  }
  .origin {
    color: var(--ink-3);
  }
  .origin.hand {
    color: var(--ink);
    font-weight: var(--w-b);
  }
  .formula {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: 2px var(--s3);
    width: fit-content;
    max-width: 100%;
    margin: var(--s1) 0 var(--s2);
  }
  .formula p {
    display: contents;
  }
  .formula .given > span {
    grid-column: 1 / -1;
    color: var(--ink-2);
  }
  .formula span {
    overflow-wrap: anywhere;
  }
  .numbers {
    color: var(--ink-2);
  }
  .value {
    text-align: right;
  }
  .result > span,
  .result > .numbers {
    font-weight: var(--w-b);
    color: var(--ink);
  }
  .legend {
    display: flex;
    flex-direction: column;
    gap: var(--s3);
  }
  .values {
    list-style: none;
    margin: var(--s1) 0 0;
    padding: 0;
  }
  .values button,
  .own-row {
    display: grid;
    grid-template-columns: 14px 1fr auto;
    gap: 0 var(--s2);
    align-items: center;
    width: 100%;
    height: auto;
    padding: 2px var(--s1);
    border: 1px solid transparent;
    background: none;
    text-align: left;
  }
  .values b {
    font-weight: var(--w-r);
  }
  .values button[aria-pressed="true"] {
    border-color: var(--ink);
  }
  .values button[aria-pressed="true"] span,
  .values button[aria-pressed="true"] b {
    font-weight: var(--w-b);
  }
  .values i {
    height: 3px;
  }
  .values i.run-key {
    height: 7px;
    background: var(--bars);
  }
  small {
    font-size: var(--t-xs);
    color: var(--ink-3);
  }
  .rate {
    grid-column: 2 / -1;
    line-height: 13px;
  }
  .row-note,
  .agrees {
    color: var(--ink-2);
  }
  .agrees {
    color: var(--good);
  }
  .badges {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
  }
`;
