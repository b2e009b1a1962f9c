import { css } from "lit";

export const stepHeatmapStyles = css`
  :host {
    display: grid;
    /* The axis ends where the scrubber's does, also where the legend is away and the step's fields are not. */
    grid-template-columns:
      var(--axis-left) minmax(0, 1fr)
      var(--axis-gutter);
    font-size: var(--t-xs);
    font-variant-numeric: tabular-nums;
    color: var(--ink);
  }
  .names,
  .values,
  .cells {
    position: relative;
    min-width: 0;
  }
  button,
  .values span {
    position: absolute;
    white-space: nowrap;
    overflow: hidden;
    unicode-bidi: isolate;
  }
  button {
    right: 8px;
    max-width: calc(100% - 8px);
    border: 0;
    padding: 0;
    background: none;
    font: inherit;
    color: inherit;
    cursor: pointer;
  }
  button:hover {
    text-decoration: underline;
  }
  .here {
    font-weight: var(--w-b);
    color: var(--here-ink);
  }
  .values span {
    left: 8px;
    color: var(--here-ink);
  }
  .strong {
    font-weight: var(--w-b);
  }
  canvas {
    display: block;
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    cursor: pointer;
    touch-action: pan-y;
    /* A change of the theme's variables is told by a transition alone. */
    color: var(--ink);
    transition: color 1ms;
  }
  canvas:focus-visible {
    outline: 2px solid var(--focus);
    outline-offset: 2px;
  }
  .cursor {
    position: absolute;
    pointer-events: none;
    outline: 1.5px solid var(--ink);
    box-shadow: 0 0 0 2.5px #fff;
  }
  .live {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }
`;
