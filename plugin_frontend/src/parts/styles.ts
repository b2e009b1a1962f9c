import { css } from "lit";

/** What every shadow root of the page starts from. */
export const base = css`
  :host {
    font: var(--w-r) var(--t-s) / var(--lh) var(--font);
    font-variant-numeric: tabular-nums;
    color: var(--ink);
    box-sizing: border-box;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: inherit;
  }
  h1,
  h2,
  h3,
  p,
  figure {
    margin: 0;
    font-size: inherit;
    font-weight: inherit;
  }
  b,
  strong,
  .strong {
    font-weight: var(--w-b);
  }
  .quiet {
    color: var(--ink-3);
  }
  :focus-visible {
    outline: 2px solid var(--focus);
    outline-offset: 2px;
  }
  .sr-only {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  /* A name from a log: one line, and its direction does not leak into what stands beside it. */
  .name {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    unicode-bidi: isolate;
  }
  /* What is practically dead, as the grids draw it. */
  .crossed {
    --rising: transparent calc(50% - 0.6px), var(--hatch) calc(50% - 0.5px) calc(50% + 0.5px), transparent calc(50% + 0.6px);
    border: 1px solid var(--hatch);
    background: linear-gradient(to top right, var(--rising)), linear-gradient(to bottom right, var(--rising));
  }
`;

/** Buttons and fields. */
export const controls = css`
  button,
  select,
  input {
    font: inherit;
    font-variant-numeric: inherit;
    color: var(--ink);
    background: var(--raise);
    border: 1px solid var(--line-strong);
    border-radius: var(--r2);
    height: 26px;
    margin: 0;
    padding: 0 var(--s2);
    box-sizing: border-box;
  }
  button {
    cursor: pointer;
    white-space: nowrap;
  }
  button:hover:not(:disabled) {
    background: var(--sunken);
  }
  button.primary {
    background: var(--ink);
    border-color: var(--ink);
    color: var(--page);
  }
  button.primary:hover {
    background: var(--ink-2);
  }
  button:disabled {
    color: var(--ink-3);
    border-color: var(--line);
    cursor: default;
    opacity: 0.6;
  }
  button.link {
    height: auto;
    padding: 0;
    border: 0;
    background: none;
    text-decoration: underline;
    text-underline-offset: 2px;
    text-decoration-color: var(--ink-3);
  }
  select {
    appearance: none;
    padding-right: 22px;
    background-image:
      linear-gradient(45deg, transparent 50%, var(--ink-3) 50%), linear-gradient(-45deg, transparent 50%, var(--ink-3) 50%);
    background-size: 4px 4px;
    background-position:
      right 12px center,
      right 8px center;
    background-repeat: no-repeat;
  }
`;
