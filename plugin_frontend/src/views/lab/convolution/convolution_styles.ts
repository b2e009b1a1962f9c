import { css } from "lit";

export const convolutionStyles = css`
  :host {
    display: block;
    height: 100%;
    min-width: 0;
  }
  .settings {
    display: flex;
    align-items: center;
    gap: var(--s2) var(--s4);
  }
  .settings:not([slot]) {
    flex-wrap: wrap;
    margin-bottom: var(--s3);
  }
  .top {
    display: flex;
    gap: var(--s5);
    align-items: flex-start;
  }
  .top.stacked {
    flex-wrap: wrap;
  }
  .top.stacked .products {
    order: 3;
    flex-basis: 100%;
  }
  .products {
    flex: 1 1 0;
    min-width: 0;
  }
  .order {
    text-align: center;
    margin-top: var(--s1);
  }
  .order button {
    color: inherit;
    text-decoration: none;
  }
  .order button[aria-pressed="true"] {
    color: var(--ink);
    font-weight: var(--w-b);
  }
  figure {
    flex: none;
  }
  figcaption {
    margin-bottom: var(--s2);
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
    /* The caption is never wider than its map. */
    width: 0;
    min-width: 100%;
  }
  .sentence {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    justify-content: space-between;
    gap: var(--s1) var(--s4);
    margin: var(--s3) 0;
    padding-top: var(--s2);
    border-top: 1px solid var(--line);
  }
  .terms {
    font-size: var(--t-l);
  }
  .terms small {
    font-size: var(--t-s);
    color: var(--ink-3);
  }
  .value {
    color: var(--here-ink);
  }
  .bottom {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s4) var(--s5);
    align-items: flex-start;
  }
  .arithmetic p.quiet {
    font-size: var(--t-xs);
  }
  .arithmetic {
    flex: 0 0 232px;
    display: grid;
    gap: var(--s3);
  }
  .logged {
    max-width: 220px;
  }
  .logged p {
    max-width: 110px;
  }
  .logged cnn-picture,
  .variant cnn-picture {
    background: var(--sunken);
  }
  .variants {
    flex: 1 1 300px;
    min-width: 0;
  }
  .variants > p {
    margin-bottom: var(--s2);
  }
  .variants > div {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s3);
    align-items: flex-start;
  }
  .variant {
    display: grid;
    height: auto;
    padding: 0;
    border: 0;
    background: none;
    text-align: left;
    white-space: normal;
    gap: 2px;
  }
  .variant.chosen cnn-picture {
    box-shadow: 0 0 0 1px #fff, 0 0 0 3px var(--here);
  }
  .variant.chosen span {
    color: var(--here-ink);
    font-weight: var(--w-b);
  }
  [slot="legend"] {
    display: contents;
  }
  .refused {
    max-width: 640px;
  }
`;
