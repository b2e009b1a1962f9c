import { css } from "lit";

/** Beside what all charts share. */
export const optimizerStyles = css`
  .room {
    height: auto;
  }
  .caption {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s1) var(--s2);
    margin-bottom: var(--s2);
    color: var(--ink-2);
  }
  .caption span {
    min-width: 0;
  }
  .values {
    margin-left: auto;
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
    overflow: visible;
    cursor: crosshair;
  }
  .title {
    fill: var(--ink-2);
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
  .settings {
    display: flex;
    flex-wrap: wrap;
    align-items: flex-end;
    gap: var(--s2) var(--s3);
    margin-bottom: var(--s2);
  }
  .settings label {
    display: grid;
    gap: 2px;
  }
  .settings input {
    width: 104px;
  }
  .hand {
    color: var(--ink);
    font-weight: var(--w-b);
  }
  .formula {
    display: grid;
    grid-template-columns: auto auto auto;
    gap: 1px var(--s3);
    width: fit-content;
    margin: var(--s1) 0 var(--s2);
  }
  .formula p {
    display: contents;
  }
  .formula span:nth-child(2),
  .note {
    color: var(--ink-2);
    overflow-wrap: anywhere;
  }
  .formula span:last-child {
    font-weight: var(--w-b);
  }
  .legend {
    gap: var(--s3);
  }
  .legend button,
  .own-row {
    display: grid;
    grid-template-columns: 14px 1fr auto;
    gap: var(--s2);
    align-items: center;
    width: 100%;
    height: 22px;
    padding: 0 var(--s1);
    border: 1px solid transparent;
    background: none;
    text-align: left;
  }
  .legend button b {
    font-weight: inherit;
  }
  .legend button[aria-pressed="true"] {
    border-color: var(--ink);
    font-weight: var(--w-b);
  }
  .legend i {
    height: 3px;
  }
  .legend i.run-key {
    height: 7px;
    background: var(--bars);
  }
  small {
    font-size: var(--t-xs);
    font-weight: var(--w-r);
    color: var(--ink-3);
  }
  .agrees {
    color: var(--good);
  }
`;
