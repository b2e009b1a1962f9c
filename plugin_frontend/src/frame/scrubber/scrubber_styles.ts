import { css } from "lit";

export const scrubberStyles = css`
  :host {
    display: grid;
    grid-template-columns: var(--w-runs) minmax(0, 1fr) var(--w-fields);
    background: var(--panel);
    border-top: 1px solid var(--line);
    min-height: 0;
  }
  .play {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 2px;
    min-width: 0;
  }
  .axis {
    position: relative;
    min-width: 0;
  }
  .gutter {
    position: absolute;
    left: 0;
    width: 54px;
    text-align: right;
    color: var(--ink-2);
    font-size: var(--t-xs);
    line-height: 12px;
  }
  .gutter.loss {
    top: 10px;
  }
  .gutter.logged {
    bottom: 11px;
  }
  .slider {
    position: absolute;
    top: 0;
    bottom: 0;
    cursor: pointer;
    touch-action: none;
    user-select: none;
  }
  .slider:focus-visible {
    outline-offset: -1px;
  }
  svg {
    display: block;
    overflow: visible;
    fill: none;
  }
  .raw {
    stroke: var(--line-strong);
    stroke-width: 1;
  }
  .smooth {
    stroke: var(--ink-3);
    stroke-width: 1.5;
  }
  .broken {
    fill: var(--nan);
  }
  .base {
    stroke: var(--line-strong);
  }
  .ticks {
    stroke: var(--ink);
  }
  .weights-set {
    fill: var(--warn);
    stroke: var(--panel);
  }
  .label {
    fill: var(--ink-2);
    font-size: var(--t-xs);
  }
  .here {
    stroke: var(--here);
    stroke-width: 2;
  }
  .handle {
    fill: var(--here);
  }
  .here-text {
    position: absolute;
    top: 4px;
    padding: 0 4px;
    margin-left: 5px;
    white-space: nowrap;
    font-size: var(--t-xs);
    pointer-events: none;
    background: color-mix(in srgb, var(--panel) 75%, transparent);
  }
  .here-text.flip {
    margin-left: -5px;
    transform: translateX(-100%);
  }
  cnn-step-fields {
    overflow: hidden;
  }
  @media (max-width: 1000px) {
    /* The axis stays under the view's; arrow keys do what the buttons did. */
    .play > :not([framed]) {
      display: none;
    }
  }
`;
