import { css } from "lit";

export const gradientsStyles = css`
  :host {
    display: block;
    height: 100%;
    min-height: 0;
    min-width: 0;
  }
  .picture {
    position: relative;
    min-height: 100%;
    /* From the view's left edge: the gutters are those of the scrubber. */
    margin-left: calc(-1 * var(--s4));
  }
  .through {
    position: absolute;
    top: 20px;
    bottom: calc(-1 * var(--s3));
    width: 2px;
    margin-left: -1px;
    background: var(--here);
    pointer-events: none;
  }
  figure {
    position: relative;
    padding-bottom: 8px;
  }
  figcaption {
    display: grid;
    grid-template-columns: minmax(0, 1fr) var(--axis-gutter);
    align-items: center;
    margin-left: var(--axis-left);
    height: 24px;
    font-size: var(--t-xs);
    background: var(--page);
  }
  figcaption > span:first-child {
    display: flex;
    align-items: baseline;
    gap: var(--s2);
    min-width: 0;
    white-space: nowrap;
  }
  figcaption select {
    height: 20px;
    font-size: var(--t-xs);
    padding: 0 22px 0 6px;
    max-width: 12em;
  }
  figcaption .at {
    padding-left: 8px;
    color: var(--here-ink);
    white-space: nowrap;
  }
  .grow {
    flex: 1;
    text-align: right;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .run {
    max-width: 24em;
  }
  .band-line {
    position: relative;
    margin: 3px 0;
  }
  .band-row {
    display: grid;
    grid-template-columns: var(--axis-left) minmax(0, 1fr) var(--axis-gutter);
    font-size: var(--t-xs);
  }
  .band-row svg {
    display: block;
    cursor: pointer;
    background: var(--page);
  }
  .gutter-name {
    text-align: right;
    padding-right: 8px;
  }
  .gutter-value {
    padding-left: 8px;
    color: var(--here-ink);
    white-space: nowrap;
  }
  .notice {
    margin: 0 0 var(--s2) var(--s4);
  }
  .legend {
    display: flex;
    flex-direction: column;
    gap: var(--s4);
  }
  .badges {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
    margin-top: calc(-1 * var(--s2));
  }
  .flow {
    display: block;
    overflow: visible;
    margin-top: var(--s1);
  }
  .unusual {
    font-size: var(--t-xs);
    margin-top: calc(-1 * var(--s2));
  }
  svg {
    fill: var(--ink);
    font-family: var(--font);
    font-size: var(--t-xs);
  }
  svg .strong {
    font-weight: var(--w-b);
  }
  svg .title {
    font-size: var(--t-m);
    font-weight: var(--w-b);
  }
  svg .here {
    fill: var(--here-ink);
    font-weight: var(--w-b);
  }
  svg .value {
    fill: var(--here-ink);
  }
  svg .quiet-text,
  svg .factor {
    fill: var(--ink-3);
  }
  svg .nan-text {
    fill: var(--nan);
    font-weight: var(--w-b);
  }
  svg .inf-text {
    fill: var(--inf);
    font-weight: var(--w-b);
  }
  svg .rule {
    stroke: var(--line);
    fill: none;
  }
  svg .flow-line {
    fill: none;
    stroke-width: 1.5;
  }
  svg .flow-name {
    font-weight: var(--w-b);
  }
  svg .band {
    fill: var(--bars);
    stroke: none;
  }
  svg .band.nan {
    fill: var(--nan);
  }
  svg .band.inf {
    fill: var(--inf);
  }
  svg .here-line {
    fill: var(--here);
  }
  .sheet {
    position: absolute;
    left: -20000px;
    top: 0;
  }
`;
