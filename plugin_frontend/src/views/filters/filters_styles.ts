import { css } from "lit";

export const filtersStyles = css`
  :host { display: block; height: 100%; min-height: 0; }
  .picture { position: relative; height: 100%; display: flex; flex-direction: column; min-height: 0; gap: var(--s2); }
  .panels { position: relative; flex: 1 1 0; min-height: 150px; display: grid; grid-auto-columns: minmax(0, 1fr);
    grid-auto-flow: column; gap: var(--s4); }
  figure { display: flex; flex-direction: column; min-height: 0; min-width: 0; }
  figcaption { display: flex; gap: var(--s1); align-items: baseline; white-space: nowrap; overflow: hidden;
    padding-bottom: var(--s1); }
  figcaption .mark { flex: none; font-weight: var(--w-b); }
  figcaption .quiet { overflow: hidden; text-overflow: ellipsis; unicode-bidi: isolate; }
  cnn-grid { flex: 1 1 0; }
  .zoom { position: absolute; top: 0; right: 0; display: flex; gap: 2px; z-index: 1; }
  .zoom button { min-width: 20px; height: 20px; padding: 0 2px; line-height: 1; }
  .row-head { display: flex; justify-content: space-between; align-items: baseline; gap: var(--s3); min-height: 20px; }
  .strip { flex: none; padding-left: 39px; }
  .strip cnn-grid { height: 66px; flex: none; }
  .story { flex: 2 1 0; min-height: 250px; display: flex; flex-direction: column; border-top: 1px solid var(--line);
    padding-top: var(--s2); }
  .picture.one .story, .picture.matrix .story { flex-grow: 1.2; }
  cnn-filter-story { flex: 1 1 0; margin-top: var(--s1); }
  .story .close { width: 22px; height: 20px; padding: 0; border-color: transparent; background: none;
    color: var(--ink-3); }
  .notice { flex: none; }
  .legend { display: flex; flex-direction: column; gap: var(--s4); }
`;
