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
  .legend {
    display: flex;
    flex-direction: column;
    align-items: stretch;
    gap: var(--s4);
  }
  .readout table {
    width: 100%;
    margin-top: 2px;
    border-collapse: collapse;
    white-space: nowrap;
  }
  .readout th {
    padding: 0;
    font-weight: var(--w-r);
    font-size: var(--t-xs);
    text-align: right;
  }
  .readout td {
    height: 20px;
    padding: 0 0 0 var(--s2);
    text-align: right;
  }
  .readout td:first-child {
    --cut-size: var(--t-xs);
    padding: 0 0 0 24px;
    text-align: left;
    text-indent: -24px;
    max-width: 0;
    width: 100%;
    line-height: 13px;
    white-space: normal;
    word-break: break-all;
  }
  .readout bdi {
    font-size: var(--t-xs);
  }
  .readout svg {
    vertical-align: -1px;
  }
  .readout .here :is(bdi, .value) {
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
      flex: 0 1 auto;
      flex-wrap: wrap;
      gap: var(--s2);
    }
    .smooth input {
      width: 52px;
    }
  }
`;
