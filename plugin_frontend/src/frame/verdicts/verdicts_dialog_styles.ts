import { css } from "lit";

export const verdictsDialogStyles = css`
  dialog {
    width: min(720px, calc(100vw - 32px));
    max-width: none;
  }
  h2 {
    min-width: 0;
    margin-right: var(--s4);
  }
  ul {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  li {
    margin: var(--s3) 0 0 calc(var(--depth) * var(--s5));
    padding: var(--s2) 0 0 var(--s3);
    border-left: 2px solid var(--line-strong);
    overflow-wrap: anywhere;
  }
  h3 {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 var(--s2);
    color: var(--ink-2);
  }
  h3 b {
    color: var(--ink);
  }
  h3 .severity b {
    color: inherit;
  }
  p {
    margin-top: var(--s1);
  }
  button.link {
    white-space: normal;
    text-align: left;
  }
  dl {
    display: grid;
    grid-template-columns: 64px minmax(0, 1fr);
    gap: 0 var(--s2);
    margin: var(--s1) 0 0;
    font-size: var(--t-xs);
    color: var(--ink-2);
  }
  dt {
    color: var(--ink-3);
  }
  dd {
    margin: 0;
  }
`;
