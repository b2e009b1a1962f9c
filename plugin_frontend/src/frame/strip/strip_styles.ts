import { css } from "lit";

export const stripStyles = css`
  :host {
    display: block;
    position: relative;
    border-bottom: 1px solid var(--line);
    overflow: auto hidden;
    scrollbar-width: thin;
  }
  .row {
    position: relative;
    display: flex;
    height: 100%;
    min-width: 100%;
    justify-content: space-around;
  }
  .edges {
    position: absolute;
    inset: 0;
    height: 100%;
    fill: none;
    stroke: var(--line-strong);
    pointer-events: none;
  }
  button {
    all: unset;
    flex: none;
    position: relative;
    display: grid;
    grid-template: 1fr 16px 14px / minmax(0, 1fr);
    justify-items: center;
    padding: 7px 0 4px;
    cursor: pointer;
    min-width: 0;
    border-radius: var(--r2);
    margin: 1px 0;
  }
  button:focus-visible {
    outline: 2px solid var(--focus);
    outline-offset: -2px;
  }
  button[aria-current="true"] {
    background: var(--here-wash);
    box-shadow: inset 0 0 0 2px var(--here);
  }
  .art {
    position: relative;
    align-self: center;
  }
  .sheet {
    position: absolute;
    inset: 0;
    border: 1px solid var(--line-strong);
    background: var(--page);
  }
  cnn-picture {
    position: absolute;
    inset: 0;
    background: var(--sunken);
    outline: 1px solid var(--page);
  }
  .art svg {
    position: absolute;
    left: 50%;
    top: 50%;
    overflow: visible;
    fill: var(--page);
    stroke: var(--ink-3);
    stroke-width: 1.2;
  }
  .label,
  .note {
    max-width: calc(100% - 6px);
    text-align: center;
    line-height: 16px;
    min-width: 0;
    unicode-bidi: isolate;
  }
  .label {
    display: flex;
  }
  .tail {
    flex: none;
    white-space: pre;
    unicode-bidi: isolate;
  }
  .label .severity {
    margin-left: 3px;
  }
  .note {
    font-size: var(--t-xs);
    line-height: 13px;
    color: var(--ink-3);
  }
  button.without .label {
    color: var(--ink-3);
  }
  button[aria-current="true"] .label {
    color: var(--here-ink);
    font-weight: var(--w-b);
  }
  /* 200 % zoom: the layers' names alone. */
  @media (max-height: 480px) {
    .art,
    .note,
    .edges {
      display: none !important;
    }
    button {
      grid-template: 18px / minmax(0, 1fr);
      padding: 4px 0;
    }
  }
  .count {
    position: absolute;
    right: -9px;
    top: -5px;
    min-width: 16px;
    padding: 0 3px;
    text-align: center;
    font-size: var(--t-xs);
    line-height: 15px;
    border-radius: var(--pill);
    background: var(--ink-2);
    color: var(--page);
  }
`;
