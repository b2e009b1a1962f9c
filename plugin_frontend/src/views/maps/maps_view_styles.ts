import { css } from "lit";

export const mapsViewStyles = css`
  :host {
    display: block;
    height: 100%;
    min-width: 0;
    --w-image: 240px;
  }
  .controls {
    display: flex;
    align-items: center;
    gap: var(--s2) var(--s4);
  }
  .slice {
    display: inline-flex;
    align-items: center;
    gap: var(--s2);
    color: var(--ink-3);
  }
  .slice input {
    padding: 0;
    width: 96px;
    accent-color: var(--ink-2);
  }
  .picture {
    display: grid;
    grid-template-columns: var(--w-image) minmax(0, 1fr);
    gap: 28px;
    height: 100%;
    min-height: 300px;
  }
  .maps {
    display: flex;
    flex-direction: column;
    gap: var(--s2);
    min-width: 0;
    min-height: 0;
  }
  .count {
    flex: none;
    font-size: var(--t-xs);
    height: 16px;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .maps p.quiet {
    flex: none;
    font-size: var(--t-xs);
  }
  .grids {
    flex: 1 1 0;
    min-height: 120px;
    display: flex;
    gap: var(--s4);
  }
  .grids section {
    flex: 1 1 0;
    min-width: 0;
    display: flex;
    flex-direction: column;
    gap: var(--s1);
  }
  .grids cnn-grid {
    flex: 1 1 0;
    min-height: 0;
    /* Room for the frame of a tile at the border. */
    margin: -4px;
  }
  .letter {
    color: var(--page);
    background: var(--ink-2);
    border-radius: var(--r1);
    padding: 0 4px;
  }
  cnn-unit-bars {
    flex: 0 1 auto;
  }
  .tiles {
    display: flex;
    flex-wrap: wrap;
    align-content: start;
    gap: var(--s4);
    overflow-y: auto;
    min-height: 0;
    padding: 2px;
  }
  .tiles figure {
    display: grid;
    grid-template: 18px 132px 18px / minmax(0, 1fr) auto;
    width: 132px;
    column-gap: var(--s1);
    font-size: var(--t-xs);
  }
  .tiles figure > button {
    text-align: left;
    text-decoration: none;
    color: var(--ink);
  }
  .tiles figure > button:hover {
    text-decoration: underline;
    background: none;
  }
  .tiles cnn-grid,
  .tiles cnn-picture {
    grid-column: 1 / -1;
    align-self: start;
  }
  .tiles figcaption {
    grid-column: 1 / -1;
    display: flex;
    justify-content: space-between;
    color: var(--ink-3);
    line-height: 18px;
  }
  .tiles .here > button,
  .tiles .here figcaption span:first-child {
    color: var(--here-ink);
    font-weight: var(--w-b);
  }
  .tiles .here cnn-grid {
    outline: 2px solid var(--here);
    outline-offset: 2px;
  }
  .badges {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
    margin-top: var(--s2);
  }
  .colours {
    margin-top: calc(-1 * var(--s2));
  }
  .patches .row {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 46px));
    align-items: end;
    gap: 6px;
    margin-top: var(--s1);
  }
  .tiles cnn-picture {
    width: 16px;
    height: 132px;
  }
  cnn-notice.faint {
    margin-bottom: var(--s3);
  }
  cnn-notice.faint button {
    margin: var(--s1) var(--s2) 0 0;
  }
  .patches button {
    height: auto;
    border: 0;
    padding: 0;
    background: none;
    font-size: var(--t-xs);
    color: var(--ink-3);
    text-align: left;
  }
  .patches button:hover {
    background: none;
    color: var(--ink);
  }
  .patches p {
    font-size: var(--t-xs);
    color: var(--ink-2);
    margin-top: var(--s1);
  }
  @media (min-width: 1700px) and (min-height: 940px) {
    :host {
      --w-image: 340px;
    }
  }
  @media (max-width: 1360px) {
    .picture {
      gap: var(--s4);
    }
    :host {
      --w-image: 232px;
    }
  }
`;
