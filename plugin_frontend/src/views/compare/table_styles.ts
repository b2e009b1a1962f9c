import { css } from "lit";

export const tableStyles = css`
  :host {
    display: block;
    margin-top: var(--s2);
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    white-space: nowrap;
  }
  th {
    padding: 0;
    font-weight: var(--w-r);
    text-align: right;
    border-bottom: 1px solid var(--line-strong);
  }
  th button {
    width: 100%;
    height: auto;
    padding: 2px var(--s2) var(--s1);
    border: 0;
    border-radius: 0;
    background: none;
    color: var(--ink-2);
    font-size: var(--t-xs);
    text-align: inherit;
  }
  th[aria-sort] button {
    color: var(--ink);
    font-weight: var(--w-b);
  }
  td {
    height: 26px;
    padding: 0 var(--s2);
    text-align: right;
    border-bottom: 1px solid var(--line);
  }
  .text {
    text-align: left;
  }
  tbody tr {
    cursor: pointer;
  }
  tbody tr:hover {
    background: var(--sunken);
  }
  tbody tr.here {
    background: var(--here-wash);
  }
  tr.here .name,
  .best b {
    font-weight: var(--w-b);
  }
  .run {
    display: flex;
    align-items: center;
    gap: var(--s2);
    max-width: 200px;
    height: 24px;
    padding: 0;
    border: 0;
    background: none;
  }
  .run:hover:not(:disabled) {
    background: none;
  }
  .run svg {
    flex: none;
  }
  .settings {
    max-width: 190px;
    overflow: hidden;
    text-overflow: ellipsis;
    text-align: left;
    color: var(--ink-2);
    unicode-bidi: isolate;
  }
  .best b {
    display: inline-block;
    min-width: 52px;
  }
  .bar {
    display: inline-block;
    vertical-align: middle;
    width: 40px;
    height: 7px;
    margin-right: var(--s2);
    background: var(--sunken);
  }
  .bar i {
    display: block;
    height: 100%;
    background: var(--bars);
  }
  .odd {
    color: var(--nan);
    font-weight: var(--w-b);
  }
  tr.said td {
    height: auto;
    padding-block: 2px;
    text-align: left;
    white-space: normal;
    color: var(--ink-2);
    overflow-wrap: anywhere;
  }
  tr.said b {
    color: var(--warn);
  }
  footer {
    display: flex;
    align-items: center;
    gap: var(--s2);
    padding-top: var(--s2);
    color: var(--ink-2);
  }
  @media (max-width: 1200px) {
    .bar {
      display: none;
    }
    td,
    th button {
      padding-inline: var(--s1);
    }
    .run {
      min-width: 96px; /* a name that may break anywhere would be left one letter wide */
      max-width: 120px;
    }
    .run .name {
      --cut-size: var(--t-xs);
      max-height: 24px;
      font-size: var(--t-xs);
      line-height: 12px;
      text-align: left;
      white-space: normal;
      word-break: break-all;
    }
    .settings {
      max-width: 104px;
    }
  }
`;
