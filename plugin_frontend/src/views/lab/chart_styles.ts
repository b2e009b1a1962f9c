import { css } from "lit";

/** What modes draw as charts, and their legends. */
export const chartStyles = css`
  :host {
    display: block;
    height: 100%;
  }
  .room {
    height: 100%;
  }
  svg.picture {
    display: block;
    font: var(--w-r) var(--t-xs) / 1 var(--font);
    font-variant-numeric: tabular-nums;
  }
  text {
    fill: var(--ink);
    font-size: 11px;
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
  .grid {
    stroke: var(--line);
    fill: none;
  }
  .axis {
    stroke: var(--line-strong);
    fill: none;
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
  rect.cursor {
    fill: var(--here);
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
  .row-note {
    margin: 0;
    color: var(--ink-2);
  }
  .badges {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
  }
`;
