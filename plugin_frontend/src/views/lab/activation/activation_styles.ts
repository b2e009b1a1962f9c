import { css } from "lit";

export const activationStyles = css`
  svg.picture {
    cursor: crosshair;
  }
  text.name {
    font-size: 13px;
    font-weight: var(--w-b);
  }
  .label,
  .words {
    paint-order: stroke;
    stroke: var(--page);
    stroke-width: 3px;
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
  .dot {
    fill: var(--page);
    stroke: var(--ink);
    stroke-width: 1.5px;
  }
  .dot.last {
    fill: var(--ink);
  }
  circle.cursor {
    fill: var(--here);
    stroke: #fff;
    stroke-width: 1px;
  }
  .bar-key {
    background: color-mix(in srgb, var(--bars) 60%, transparent);
  }
  .flat-key {
    background: repeating-linear-gradient(135deg, var(--bad) 0 1.6px, var(--sunken) 1.6px 5px);
  }
  cnn-notice {
    margin-bottom: var(--s2);
  }
`;
