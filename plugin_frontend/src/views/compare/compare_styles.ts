import { css } from "lit";

export const compareStyles = css`
  :host {
    display: block;
    height: 100%;
  }
  .controls {
    display: flex;
    align-items: center;
    gap: var(--s2) var(--s3);
  }
  .smooth {
    display: inline-flex;
    align-items: center;
    gap: var(--s1);
    color: var(--ink-3);
  }
  .smooth input {
    width: 72px;
    height: 20px;
    padding: 0;
    accent-color: var(--ink);
  }
  .smooth output {
    min-width: 26px;
    color: var(--ink);
  }
  .readout ul {
    list-style: none;
    margin: var(--s1) 0 0;
    padding: 0;
  }
  .readout li {
    display: flex;
    align-items: center;
    gap: var(--s2);
    height: 21px;
  }
  .readout svg {
    flex: none;
  }
  .readout .name {
    flex: 1;
    min-width: 30px;
  }
  .readout .value {
    text-align: right;
    min-width: 44px;
  }
  .readout .quiet {
    white-space: nowrap;
    font-size: var(--t-xs);
  }
  li.here .name,
  li.here .value {
    font-weight: var(--w-b);
  }
  .odd {
    color: var(--nan);
    font-weight: var(--w-b);
  }
  .notes {
    margin: 0;
    padding: 0;
    list-style: none;
    color: var(--ink-2);
    overflow-wrap: anywhere;
  }
  .notes li + li {
    margin-top: var(--s2);
  }
  .target label {
    display: flex;
    align-items: center;
    gap: var(--s2);
    color: var(--ink-3);
  }
  .target input {
    width: 76px;
  }
  .target .quiet {
    margin-top: var(--s1);
  }
  .multiples {
    margin: var(--s5) calc(-1 * var(--s4)) 0;
  }
  .multiples header,
  .multiples footer {
    display: flex;
    align-items: baseline;
    flex-wrap: wrap;
    gap: 0 var(--s2);
    padding: 0 var(--s4) var(--s1);
  }
  .ramp {
    width: 96px;
    height: 8px;
    margin-left: auto;
  }
  .multiple {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    margin-top: var(--s2);
  }
  .multiple .link {
    display: inline-flex;
    align-items: center;
    gap: var(--s2);
    justify-self: start;
    max-width: 100%;
    margin-left: var(--s4);
    text-decoration: none;
  }
  .multiple .here .name {
    font-weight: var(--w-b);
  }
  .multiple .last {
    margin-right: var(--s4);
    color: var(--ink-2);
    font-size: var(--t-xs);
  }
  .multiple cnn-step-heatmap {
    grid-column: 1 / 3;
    margin-top: 2px;
  }
  @media (max-width: 1360px) {
    .controls {
      gap: var(--s2);
    }
    .smooth input {
      width: 52px;
    }
  }
`;
