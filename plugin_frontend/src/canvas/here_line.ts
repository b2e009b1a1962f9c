import { css } from "lit";

/** The upright line of the current step, over cells of any colour. */
export const hereLine = css`
  .line {
    position: absolute;
    top: 0;
    bottom: 0;
    width: 2px;
    margin-left: -1px;
    background: var(--here);
    box-shadow: 0 0 0 1px #fff;
    pointer-events: none;
  }
`;
