/** How a lead looks. */

import { css } from "../../base/element.js";

export const styles = css`
  :host { container-type: inline-size; }
  .head { display: grid; gap: .75rem; padding-block-end: 1rem; }
  .title { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; }
  h2 { font-size: 1.5rem; line-height: 1.2; letter-spacing: -.015em; overflow-wrap: anywhere; }
  h3 { margin-block-end: .75rem; font-size: 1.05rem; }
  .row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
  .reach { gap: .4rem 1.1rem; color: var(--ortho-muted); overflow-wrap: anywhere; }
  .reach > * { min-inline-size: 0; }
  .steps { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(6.6rem, 1fr); gap: 3px; overflow-x: auto; padding: 4px; margin: -4px; }
  .steps button { inline-size: 100%; block-size: 100%; min-block-size: 2.75rem; padding: .3rem .5rem; border: 0; border-radius: .3rem; background: var(--ortho-sunken); color: var(--ortho-text); font-size: .8125rem; font-weight: 550; line-height: 1.2; cursor: pointer; }
  .steps button[aria-disabled="true"] { cursor: default; }
  .steps button:not([aria-disabled="true"]):hover { background: var(--ortho-accent-soft); }
  .steps .past button { background: var(--ortho-accent-soft); color: var(--ortho-accent-text); }
  .steps [aria-current] { background: var(--ortho-accent) !important; color: var(--ortho-on-accent) !important; }
  .steps .lost [aria-current] { background: var(--ortho-danger) !important; color: var(--ortho-on-danger) !important; }
  .columns { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 4fr); gap: 1rem; align-items: start; }
  .columns > div { display: grid; gap: 1rem; min-inline-size: 0; }
  @container (max-width: 56rem) { .columns { grid-template-columns: minmax(0, 1fr); } }
  section { padding: 1.1rem 1.25rem; min-inline-size: 0; }
  dl { display: grid; grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); gap: .45rem 1rem; }
  dt { color: var(--ortho-muted); font-size: .875rem; }
  dd { overflow-wrap: anywhere; white-space: pre-wrap; max-block-size: 12rem; overflow: auto; }
  .note { display: grid; gap: .6rem; padding: .9rem 1.1rem; margin-block-end: 1rem; border-radius: var(--ortho-round-large); background: var(--ortho-warn-soft); color: var(--ortho-warn-text); }
  .note a { color: inherit; font-weight: 600; }
  .note li { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; }
  .note .button { min-block-size: 2.1rem; padding: .1rem .75rem; }
  .note.bad { background: var(--ortho-danger-soft); color: var(--ortho-danger-text); }
  h4 { margin-block: 1rem .4rem; font-size: .9375rem; }
  .family { display: grid; gap: .4rem; }
  dialog:has(table) { inline-size: min(48rem, calc(100vw - 2rem)); }
  .table { overflow-x: auto; }
  table { inline-size: 100%; border-collapse: collapse; font-size: .9rem; }
  th, td { padding: .45rem .6rem; border-block-end: 1px solid var(--ortho-line); text-align: start; vertical-align: top; overflow-wrap: anywhere; min-inline-size: 7rem; }
  thead th { color: var(--ortho-muted); font-size: .8125rem; }
  th small { display: block; color: var(--ortho-muted); font-weight: 400; }
  td input { accent-color: var(--ortho-accent); }
  td label { display: flex; gap: .5rem; cursor: pointer; }
  td.kept { background: var(--ortho-accent-soft); color: var(--ortho-accent-text); font-weight: 550; }
  @media (max-width: 40rem) { section { padding: .9rem 1rem; } }
`;
