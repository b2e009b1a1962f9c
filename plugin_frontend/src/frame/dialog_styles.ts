import { css } from "lit";

/** A dialog over the page: a header with a heading and a button, then words. */
export const dialogStyles = css`
  dialog {
    font: inherit;
    color: inherit;
    background: var(--page);
    border: 1px solid var(--line-strong);
    border-radius: var(--r3);
    padding: var(--s4) var(--s5);
    max-width: min(560px, calc(100vw - 32px));
    max-height: calc(100vh - 32px);
    overflow: auto;
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 35%);
  }
  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    margin-bottom: var(--s2);
  }
  h2 {
    font-size: var(--t-l);
    font-weight: var(--w-b);
  }
`;
