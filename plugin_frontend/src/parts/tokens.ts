/**
 * Design tokens of the page. The chrome has two themes; data colours do not: one number, one colour, in both.
 * They live on the iframe's root element, from which custom properties reach into every shadow root.
 */
export const TOKENS = `
:root {
  color-scheme: light;
  --page: #ffffff; --panel: #f7f7f6; --sunken: #efefed; --raise: #ffffff;
  --line: #e2e2df; --line-strong: #c4c4bf;
  /* ink: 16.3, 8.2 and 5.3 to 1 on --page */
  --ink: #1f2023; --ink-2: #4d4f54; --ink-3: #686b70;
  /* orange means "here": the step, the layer, the cell. Nothing else is orange. */
  --here: #dd6800; --here-ink: #a34400; --here-wash: #fdf0e3;
  --focus: #1a5fb4;
  /* verdicts: always glyph + word, colour is the third cue */
  --bad: #a8123e; --bad-wash: #fbe9ee; --warn: #7a5b00; --warn-wash: #f8f0d6; --good: #2b6a3f;
  /* by run, never orange; each >= 4.5 to 1 on --page; least CIEDE2000 between any two under deutan or protan vision:
     15 light, 14 dark */
  --run-1: #df2074; --run-2: #777308; --run-3: #0075c3; --run-4: #5e2a3e; --run-5: #3b817a; --run-6: #3e239b;
  --run-7: #144506;
  /* a second curve in one picture, when it is not a run */
  --second: #0b6a8f;
  /* data that is not a number */
  --nan: #ff00c8; --inf: #7a00ff; --hatch: #b4b4ae; --bars: #c4c4bf;
  --font: Roboto, "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif;
  --mono: "Roboto Mono", ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --t-xs: 11px; --t-s: 12px; --t-m: 13px; --t-l: 16px; --lh: 1.4;
  --w-r: 400; --w-b: 600;
  --s1: 4px; --s2: 8px; --s3: 12px; --s4: 16px; --s5: 24px; --s6: 32px;
  --r1: 2px; --r2: 4px; --r3: 6px; --pill: 999px;
  --h-tabs: 40px; --h-strip: 92px; --h-head: 48px; --h-scrub: 72px; --w-runs: 196px; --w-legend: 248px; --w-fields: 248px;
  /* the time axis: so far from the left edge of the view, and from the right edge of the scrubber's middle */
  --axis-left: 64px; --axis-right: 104px;
  /* what a view on that axis leaves free at its right, where the legend is narrower than the step's fields */
  --axis-gutter: calc(var(--axis-right) + var(--w-fields) - var(--w-legend));
  --ease: 120ms cubic-bezier(.2,0,.2,1);
}
:root.dark-mode {
  color-scheme: dark;
  --page: #303030; --panel: #2a2a2a; --sunken: #242424; --raise: #3a3a3a;
  --line: #454545; --line-strong: #666664;
  --ink: #f2f2f0; --ink-2: #cbcbc8; --ink-3: #a6a6a3;
  --here: #ff9d45; --here-ink: #ffb26b; --here-wash: #46372a;
  --focus: #8ab8ff;
  --bad: #ff8aa5; --bad-wash: #4a2b33; --warn: #e5c15a; --warn-wash: #443c26; --good: #86cf9c;
  --run-1: #fcd2d0; --run-2: #ffe280; --run-3: #539aff; --run-4: #f76c83; --run-5: #5eeeff; --run-6: #9e94b0;
  --run-7: #79aa00;
  --second: #7cc7e8;
  --hatch: #6a6a66; --bars: #70706d;
}
@media (max-width: 1360px) { :root { --w-runs: 172px; --w-legend: 220px; --w-fields: 220px; --h-strip: 84px; } }
@media (max-width: 1000px) { :root { --w-runs: 40px; --w-legend: 200px; --w-fields: 200px; } }
@media (max-width: 700px) { :root { --w-legend: 0px; --axis-right: 12px; } }
:root.legend-off { --w-legend: 0px; --axis-right: 12px; }
@media (max-height: 480px) { :root { --h-strip: 28px !important; --h-head: 40px !important; } }
@media (max-height: 780px) { :root { --h-strip: 84px; --h-scrub: 64px; --h-head: 44px; } }
@media (prefers-reduced-motion: reduce) { :root { --ease: 0ms; } }
html, body { margin: 0; height: 100%; overflow: hidden; background: var(--page); }
`;
