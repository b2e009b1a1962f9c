import { css } from "lit";

export const imageColumnStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    position: relative;
    min-height: 0;
    height: 100%;
  }
  .head {
    display: flex;
    justify-content: space-between;
    gap: var(--s2);
    height: 22px;
    flex: none;
    white-space: nowrap;
  }
  .head .name {
    flex: 0 1 auto;
    min-width: 0;
  }
  .head b.name {
    flex: none;
    max-width: 50%;
  }
  .head .quiet {
    font-size: var(--t-xs);
    line-height: 17px;
    min-width: 0;
  }
  .wrong {
    color: var(--ink);
    font-weight: var(--w-b);
  }
  .missing {
    color: var(--ink-3);
    padding: var(--s3) 0;
  }
  .views {
    display: flex;
    gap: 12px;
    flex: none;
    margin-top: 10px;
  }
  .views figcaption {
    display: flex;
    justify-content: space-between;
    gap: var(--s1);
    height: 22px;
    white-space: nowrap;
    overflow: hidden;
  }
  /* The thread from the cell to the image passes beneath the words. */
  figcaption :is(.name, .quiet) {
    position: relative;
    z-index: 1;
    background: var(--page);
  }
  figcaption .quiet {
    font-size: var(--t-xs);
    line-height: 17px;
  }
  .facts {
    display: grid;
    align-content: start;
    margin: 22px 0 0;
    font-size: var(--t-xs);
    min-width: 56px;
  }
  .facts dt {
    color: var(--ink-3);
    line-height: 14px;
    white-space: nowrap;
  }
  .facts dd {
    margin: 0 0 5px;
    font-size: var(--t-s);
    line-height: 15px;
    white-space: nowrap;
  }
  .facts dd small {
    display: block;
    font-size: var(--t-xs);
    font-weight: var(--w-r);
    line-height: 13px;
    color: var(--ink-3);
  }
  .facts.below {
    grid-auto-flow: column;
    grid-template-rows: auto auto;
    justify-content: space-between;
    gap: 0 var(--s2);
    margin: 6px 0 0;
    height: 42px;
    flex: none;
  }
  .thumbnails {
    margin-top: auto;
    padding-top: var(--s2);
    flex: none;
    min-width: 0;
  }
  .thumbnails .head {
    height: 20px;
    color: var(--ink-3);
    font-size: var(--t-xs);
  }
  .row {
    display: flex;
    gap: 3px;
    overflow-x: auto;
    scrollbar-width: thin;
    padding: 3px 3px 1px;
    margin: 0 -3px;
  }
  .row button {
    flex: none;
    border: 0;
    background: none;
    padding: 0;
    width: 26px;
    height: auto;
    cursor: pointer;
    font: var(--t-xs) / 16px var(--font);
    color: var(--ink-3);
  }
  .row button:hover {
    background: none;
    color: var(--ink);
  }
  .row cnn-picture,
  .row .none {
    display: block;
    width: 26px;
    height: 26px;
    background: var(--sunken);
  }
  .row [aria-pressed="true"] cnn-picture,
  .row [aria-pressed="true"] .none {
    outline: 2px solid var(--here);
    outline-offset: 1px;
  }
  .row [aria-pressed="true"] {
    color: var(--here-ink);
    font-weight: var(--w-b);
  }
  .thread {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    pointer-events: none;
    overflow: visible;
  }
  .thread line {
    stroke: var(--here);
    stroke-width: 1.5px;
    stroke-dasharray: 3 3;
  }
  .thread .under {
    stroke: var(--page);
    stroke-width: 3.5px;
    stroke-opacity: 0.7;
    stroke-dasharray: none;
  }
`;
