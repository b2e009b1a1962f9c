import { css } from "lit";

export const poolingStyles = css`
  :host {
    display: block;
    height: 100%;
    min-width: 0;
  }
  .room {
    height: 100%;
    min-height: 380px;
    min-width: 520px;
  }
  .picture {
    display: flex;
    align-items: start;
    gap: 24px;
  }
  .left {
    flex: none;
    min-width: 0;
  }
  h2,
  h3 {
    font-size: var(--t-xs);
    line-height: 16px;
  }
  h2 {
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
    margin-bottom: var(--s1);
  }
  .second {
    margin-top: var(--s3);
  }
  .second button {
    font-size: inherit;
    color: var(--ink-2);
  }
  .map {
    /* Room for the frame of a cell at the border. */
    margin: -4px;
    cursor: crosshair;
    touch-action: none;
  }
  cnn-still-grid.map {
    justify-self: start;
    width: max-content;
  }
  .note {
    font-size: var(--t-xs);
    color: var(--ink-2);
    margin-top: var(--s2);
  }
  .window {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: var(--s4);
    align-items: start;
  }
  dl {
    margin: 0;
    font-size: var(--t-xs);
  }
  dl div {
    display: flex;
    justify-content: space-between;
    gap: var(--s2);
    padding: 2px 0;
    line-height: 13px;
  }
  dl div + div {
    border-top: 1px solid var(--line);
  }
  dt {
    min-width: 0;
  }
  dt .quiet {
    display: block;
  }
  dd {
    margin: 0;
    font-size: var(--t-m);
    font-weight: var(--w-b);
    align-self: center;
  }
  .right {
    display: grid;
    column-gap: 10px;
    align-items: start;
    min-width: 0;
  }
  .right > .map {
    margin-bottom: 12px;
  }
  h3 {
    text-align: right;
    color: var(--ink);
  }
  h3 .quiet {
    display: block;
  }
  .reference {
    display: grid;
    place-content: center;
    box-sizing: border-box;
    min-height: 56px;
    max-width: 100%;
    padding: var(--s1);
    text-align: center;
    font-size: var(--t-xs);
    color: var(--ink-2);
    border: 1px solid var(--line);
    overflow-wrap: break-word;
  }
  .number {
    border-top: 1px solid var(--line);
    font-size: var(--t-xs);
    line-height: 20px;
    margin-left: -10px;
    padding-left: 10px;
  }
  h3.number {
    margin: 0;
    padding: 0;
    color: var(--ink-3);
    white-space: nowrap;
  }
  .explained {
    grid-column: 2 / -1;
    margin-top: var(--s1);
  }
  .agreement p {
    margin-top: var(--s1);
    font-size: var(--t-xs);
    color: var(--ink-2);
  }
  .badges {
    display: flex;
    gap: var(--s1);
  }
  .values {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(92px, 1fr));
    gap: 2px var(--s2);
    margin: 0;
    padding: 0;
    list-style: none;
    font-size: var(--t-xs);
  }
  .values button {
    display: grid;
    grid-template-columns: 12px 26px 1fr;
    align-items: center;
    gap: var(--s1);
    width: 100%;
    height: 20px;
    padding: 0 2px;
    border-color: transparent;
    background: none;
    text-align: left;
    font-size: var(--t-xs);
  }
  .values i {
    height: 12px;
  }
  .values .here {
    border-color: var(--here);
    color: var(--here-ink);
  }
  @media (max-width: 1360px) {
    .picture {
      gap: var(--s4);
    }
  }
`;
