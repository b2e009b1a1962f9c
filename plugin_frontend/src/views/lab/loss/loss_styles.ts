import { css } from "lit";

export const lossStyles = css`
  :host {
    display: block;
    height: 100%;
  }
  .room {
    height: 100%;
  }
  .lesson {
    margin: var(--s1) 0 var(--s3);
    max-width: 76ch;
    font-size: var(--t-m);
  }
  svg.picture {
    display: block;
    cursor: ew-resize;
    touch-action: pan-y;
    font: var(--w-r) var(--t-xs) / 1 var(--font);
    font-variant-numeric: tabular-nums;
  }
  text {
    fill: var(--ink);
    font-size: 11px;
  }
  text.answer {
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
    font-weight: var(--w-r);
  }
  .wash {
    fill: var(--here-wash);
  }
  .own-ground {
    fill: var(--sunken);
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
    fill: var(--ink-3);
    fill-opacity: 0.55;
  }
  .share {
    fill-opacity: 0.9;
  }
  .pull {
    fill: #2166ac;
    fill-opacity: 1;
  }
  .push {
    fill: #b2182b;
    fill-opacity: 1;
  }
  .true {
    fill: none;
    stroke: var(--ink);
    stroke-width: 1.5px;
  }
  .mark {
    fill: var(--ink);
  }
  .handle,
  .dot {
    fill: var(--here);
    stroke: #fff;
    stroke-width: 1.5px;
  }
  .before {
    fill: var(--page);
    stroke: var(--ink-3);
    stroke-width: 1.5px;
    stroke-dasharray: 2 2;
  }
  .logged {
    fill: none;
    stroke: var(--ink);
    stroke-width: 1.5px;
  }
  .cursor {
    fill: var(--here);
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
    height: 12px;
  }
  .true-key {
    border: 1.5px solid var(--ink);
  }
  .pull-key {
    background: #2166ac;
  }
  .push-key {
    background: #b2182b;
  }
  .verdict,
  .row-note {
    margin: 0;
    color: var(--ink-2);
  }
  .verdict.agrees {
    color: var(--good);
  }
  .verdict.differs {
    color: var(--warn);
  }
  .badges {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
  }
`;
