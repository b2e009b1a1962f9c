import { css } from "lit";

export const modelStyles = css`
  :host {
    display: block;
    min-height: 0;
  }
  cnn-view-layout {
    min-width: 0;
  }
  .map {
    position: relative;
    min-height: 100%;
    outline: none;
  }
  .head {
    position: sticky;
    top: 0;
    z-index: 1;
    background: var(--page);
  }
  svg {
    display: block;
    overflow: visible;
    font: var(--w-r) var(--t-s) var(--font);
    font-variant-numeric: tabular-nums;
  }
  .map svg {
    fill: none;
    cursor: default;
  }
  .map text {
    fill: var(--ink);
    stroke: none;
    white-space: pre;
  }
  .map .small {
    font-size: var(--t-xs);
    fill: var(--ink-3);
  }
  .map .name {
    font-weight: var(--w-b);
  }
  .map .end {
    text-anchor: end;
  }
  .line,
  .edges path {
    stroke: var(--line);
  }
  .line.strong {
    stroke: var(--line-strong);
  }
  .edges path {
    stroke: var(--ink-3);
    stroke-width: 1.3;
    stroke-linejoin: round;
  }
  .target,
  .wash {
    fill: var(--page);
    fill-opacity: 0;
  }
  .ground.hovered .wash {
    fill: var(--sunken);
    fill-opacity: 0.6;
  }
  .ground.chosen .wash {
    fill: var(--here-wash);
    fill-opacity: 1;
  }
  .map:focus-visible .ground.cursor .wash,
  .map:focus-visible .box.cursor .face {
    stroke: var(--focus);
    stroke-width: 2;
  }
  .row,
  .box,
  .unfolded {
    cursor: pointer;
  }
  .unfolded:hover text {
    fill: var(--ink);
    text-decoration: underline;
  }
  .glyph {
    stroke: var(--ink-2);
    fill: var(--page);
    stroke-width: 1.9;
  }
  .glyph.solid {
    fill: var(--ink-2);
  }
  .chosen .glyph {
    stroke: var(--here);
  }
  .chosen .glyph.solid {
    fill: var(--here);
  }
  .row.chosen .name,
  .box.chosen .name {
    fill: var(--here-ink);
  }
  .block {
    stroke: var(--ink-2);
    fill: var(--page);
    stroke-linejoin: round;
  }
  .block .shade {
    fill: var(--sunken);
    stroke: var(--ink-3);
    stroke-width: 0.8;
  }
  .field .whole {
    fill: var(--page);
    stroke: var(--line-strong);
  }
  .field .seen {
    fill: var(--ink-3);
    fill-opacity: 0.65;
  }
  .chosen .field .seen {
    fill: var(--here);
    fill-opacity: 1;
  }
  .bar {
    fill: var(--bars);
  }
  .cell .all {
    stroke: var(--bars);
  }
  .spark path {
    stroke-linejoin: round;
  }
  .spark .raw {
    stroke: var(--bars);
    stroke-width: 0.9;
  }
  .spark .mean {
    stroke-width: 1.4;
  }
  .spark .rule {
    stroke: var(--ink-3);
    stroke-width: 0.8;
    stroke-dasharray: 2 2;
  }
  .spark .zero {
    stroke: var(--ink-3);
  }
  .spark .broken {
    stroke: var(--nan);
  }
  .spark .ring {
    fill: var(--page);
  }
  .spark .here {
    fill: var(--here);
  }
  .box .face,
  .box .sheet {
    fill: var(--page);
    stroke: var(--line-strong);
  }
  .box.hovered .face {
    fill: var(--sunken);
  }
  .box.chosen .face {
    fill: var(--here-wash);
    stroke: var(--here);
    stroke-width: 2;
  }
  .box .arrow {
    fill: var(--ink-3);
  }
  .controls {
    display: flex;
    align-items: center;
    gap: var(--s2) var(--s3);
  }
  .zoom {
    display: inline-flex;
    gap: 2px;
  }
  .zoom button {
    min-width: 26px;
    padding: 0 var(--s1);
  }
  .legend {
    display: flex;
    flex-direction: column;
    gap: var(--s4);
    min-width: 0;
  }
  .legend h2 {
    font-weight: var(--w-b);
    margin-bottom: var(--s1);
    overflow-wrap: anywhere;
  }
  .legend h2 .quiet {
    font-weight: var(--w-r);
  }
  .legend p {
    font-size: var(--t-xs);
    line-height: 1.45;
    color: var(--ink-3);
    margin-top: var(--s1);
    overflow-wrap: anywhere;
  }
  .legend ul {
    margin: 0;
    padding-left: var(--s3);
    font-size: var(--t-xs);
    color: var(--ink-2);
    overflow-wrap: anywhere;
  }
  .legend li {
    unicode-bidi: isolate;
  }
  .plate {
    display: block;
  }
`;
