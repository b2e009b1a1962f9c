import { css } from "lit";

export const lossStyles = css`
  .lesson {
    margin: var(--s1) 0 var(--s3);
    max-width: 120ch;
    font-size: var(--t-m);
  }
  svg.picture {
    cursor: ew-resize;
    touch-action: pan-y;
  }
  text.answer {
    font-size: 13px;
    font-weight: var(--w-b);
  }
  .wash {
    fill: var(--here-wash);
  }
  .own-ground {
    fill: var(--sunken);
  }
  .bar {
    fill: var(--ink-3);
    fill-opacity: 0.6;
  }
  .pull,
  .push {
    fill: var(--data);
    fill-opacity: 1;
    background: var(--data);
  }
  .pull {
    --data: #2166ac;
  }
  .push {
    --data: #b2182b;
  }
  .true,
  .logged {
    fill: none;
    stroke: var(--ink);
    stroke-width: 1.5px;
  }
  .mark {
    fill: var(--ink);
  }
  .handle {
    fill: var(--here);
    stroke: #fff;
    stroke-width: 1.5px;
  }
  .before {
    fill: var(--page);
    stroke: var(--ink-3);
    stroke-width: 1.5px;
    stroke-dasharray: 2 2;
  }
  .agrees {
    color: var(--good);
  }
  .differs {
    color: var(--warn);
  }
`;
