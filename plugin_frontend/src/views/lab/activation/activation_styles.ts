import { css } from "lit";

export const activationStyles = css`
  :host {
    display: block;
    height: 100%;
  }
  .room {
    height: 100%;
  }
  svg.picture {
    display: block;
    cursor: crosshair;
    font: var(--w-r) var(--t-xs) / 1 var(--font);
    font-variant-numeric: tabular-nums;
  }
  text {
    fill: var(--ink);
    font-size: 11px;
  }
  text.name {
    font-size: 13px;
    font-weight: var(--w-b);
  }
  .own {
    fill: var(--here-ink);
    font-weight: var(--w-b);
  }
  .strong {
    font-weight: var(--w-b);
  }
  .quiet-text,
  .tick {
    fill: var(--ink-3);
    font-size: 11px;
    font-weight: var(--w-r);
  }
  .label,
  .words {
    paint-order: stroke;
    stroke: var(--page);
    stroke-width: 3px;
  }
  .grid {
    stroke: var(--line);
    fill: none;
  }
  .axis {
    stroke: var(--line-strong);
    fill: none;
  }
  .bar {
    fill: var(--bars);
    fill-opacity: 0.6;
  }
  .flat {
    fill: url(#flat);
  }
  .flat-ground {
    fill: var(--page);
    fill-opacity: 0.5;
  }
  .flat-line {
    fill: var(--bad);
    fill-opacity: 0.75;
  }
  .output {
    stroke: var(--ink);
    stroke-width: 2px;
    fill: none;
  }
  .slope {
    stroke: var(--second);
    stroke-width: 1.5px;
    stroke-dasharray: 5 3;
    fill: none;
  }
  .slope-label {
    fill: var(--second);
  }
  .dot {
    fill: var(--page);
    stroke: var(--ink);
    stroke-width: 1.5px;
  }
  .dot.last {
    fill: var(--ink);
  }
  rect.cursor {
    fill: var(--here);
  }
  circle.cursor {
    fill: var(--here);
    stroke: #fff;
    stroke-width: 1px;
  }
  .legend {
    display: flex;
    flex-direction: column;
    gap: var(--s4);
  }
  .key {
    list-style: none;
    margin: var(--s1) 0 0;
    padding: 0;
  }
  .key li {
    display: grid;
    grid-template-columns: 24px 1fr;
    gap: var(--s2);
    align-items: center;
    margin-top: var(--s1);
    color: var(--ink-2);
  }
  .key i {
    height: 14px;
  }
  .bar-key {
    background: color-mix(in srgb, var(--bars) 60%, transparent);
  }
  .flat-key {
    background: repeating-linear-gradient(135deg, var(--bad) 0 1.6px, var(--sunken) 1.6px 5px);
  }
  .row-note {
    margin: 0;
    color: var(--ink-2);
  }
  .badges {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
  }
  cnn-notice {
    margin-bottom: var(--s2);
  }
`;
