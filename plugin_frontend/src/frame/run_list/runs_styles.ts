import { css } from "lit";

export const runsStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
    background: var(--panel);
    border-right: 1px solid var(--line);
  }
  .search {
    margin: var(--s3) var(--s3) var(--s2);
    height: 28px;
    min-width: 0;
  }
  .counts {
    display: flex;
    justify-content: space-between;
    padding: 0 var(--s3) var(--s1);
    font-size: var(--t-xs);
    color: var(--ink-2);
  }
  ul {
    list-style: none;
    margin: 0;
    padding: 0;
    flex: 1;
    min-height: 0;
    overflow: hidden auto;
    scrollbar-width: thin;
  }
  li {
    display: flex;
    height: 32px;
    padding: 0 var(--s3) 0 var(--s2);
    content-visibility: auto;
    contain-intrinsic-height: 32px;
    border-left: 3px solid transparent;
    padding-left: calc(var(--s2) - 3px);
  }
  li:hover {
    background: var(--sunken);
  }
  li.here {
    background: var(--here-wash);
    border-color: var(--here);
  }
  li.here .name,
  li.here .value {
    font-weight: var(--w-b);
  }
  li button {
    all: unset;
    cursor: pointer;
    display: flex;
    align-items: center;
  }
  li button:focus-visible {
    outline: 2px solid var(--focus);
    outline-offset: -2px;
  }
  .swatch {
    width: 22px;
    flex: none;
  }
  .letter {
    width: 16px;
    line-height: 16px;
    border-radius: var(--r2);
    text-align: center;
    background: var(--run);
    color: var(--page);
    font-weight: var(--w-b);
    font-size: var(--t-xs);
  }
  .hidden .name,
  .hidden .value {
    color: var(--ink-3);
    text-decoration: line-through;
  }
  .hidden .letter {
    background: none;
    color: var(--ink-2);
    box-shadow: inset 0 0 0 1.5px var(--run);
  }
  .row {
    flex: 1;
    min-width: 0;
    gap: var(--s1);
  }
  .row .name {
    flex: 1;
    min-width: 0;
  }
  .row .name.long {
    --cut-size: var(--t-xs);
    max-height: 26px;
    font-size: var(--t-xs);
    line-height: 13px;
    white-space: normal;
    word-break: break-all;
  }
  /* In the margin, so that values stay in their column. */
  li .damage {
    flex: none;
    width: 11px;
    margin-right: -11px;
    justify-content: center;
    color: var(--warn);
    font-weight: var(--w-b);
  }
  .spark {
    flex: none;
    overflow: visible;
    fill: none;
    stroke: var(--ink-3);
    stroke-width: 1.2;
  }
  .spark circle {
    fill: var(--ink-2);
    stroke: none;
  }
  .spark rect {
    fill: var(--nan);
    stroke: none;
  }
  .value {
    min-width: 38px;
    text-align: right;
    white-space: nowrap;
    color: var(--ink-2);
  }
  .here .value {
    color: var(--ink);
  }
  .value.nan {
    color: var(--nan);
  }
  footer {
    padding: var(--s2) var(--s3);
    color: var(--ink-3);
    font-size: var(--t-xs);
  }
  kbd {
    font: inherit;
    border: 1px solid var(--line);
    border-radius: var(--r1);
    padding: 0 4px;
    background: var(--page);
  }
  .none {
    padding: var(--s2) var(--s3);
    color: var(--ink-3);
  }
  .spread {
    display: none;
  }
  @media (max-width: 1360px) {
    .spark {
      display: none;
    }
  }
  @media (max-height: 600px) {
    footer,
    cnn-run-cost {
      display: none;
    }
  }
  @media (max-width: 1000px) {
    .spread {
      display: flex;
      justify-content: center;
      padding-top: var(--s2);
    }
    :host(:not([open])) :is(.search, .counts, footer, .row, .damage, .none, cnn-run-cost) {
      display: none;
    }
    :host([open]) {
      position: absolute;
      z-index: 5;
      inset: 0 auto 0 0;
      width: 220px;
    }
    :host([open]) .spread {
      justify-content: flex-start;
      padding-left: 6px;
    }
    .swatch {
      padding-left: 3px;
    }
  }
`;
