/** How the board looks. */

import { css } from "../../base/element.js";

export const styles = css`
  :host { display: flex; flex-direction: column; block-size: 100%; min-block-size: 20rem; }
  .tools { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; padding: .75rem 1rem; }
  .total { font-size: 1.05rem; font-weight: 620; white-space: nowrap; }
  .filters { display: flex; flex: 1; flex-wrap: wrap; gap: .5rem; }
  .filters .input { inline-size: auto; max-inline-size: 12rem; min-block-size: 2.25rem; padding-block: .2rem; border-color: var(--ortho-line); background: var(--ortho-surface); }
  .filters .input.set { border-color: var(--ortho-accent); background: var(--ortho-accent-soft); color: var(--ortho-accent-text); font-weight: 550; }
  .board { display: flex; flex: 1; gap: .75rem; min-block-size: 0; padding: 0 1rem 1rem; overflow-x: auto; }
  .column { display: flex; flex: 1 0 16.5rem; flex-direction: column; min-inline-size: 0; max-inline-size: 22rem; min-block-size: 0; inline-size: 16.5rem; border-radius: var(--ortho-round-large); background: var(--ortho-sunken); }
  .column.over { box-shadow: inset 0 0 0 2px var(--ortho-accent); background: var(--ortho-accent-soft); }
  .column header { display: grid; gap: .05rem; padding: .6rem .8rem .5rem; border-block-start: 3px solid var(--card-color, transparent); border-start-start-radius: var(--ortho-round-large); border-start-end-radius: var(--ortho-round-large); }
  h2 { display: flex; align-items: center; justify-content: space-between; gap: .45rem; min-inline-size: 0; font-size: .9375rem; font-weight: 650; }
  .chip { background: var(--ortho-surface); }
  .sum { font-size: .8125rem; font-variant-numeric: tabular-nums; }
  .list { position: relative; flex: 1; min-block-size: 4rem; padding: 0 .5rem .5rem; overflow-y: auto; overscroll-behavior-y: contain; scrollbar-width: thin; }
  .list ul { position: relative; }
  .list li { position: absolute; inset-inline: 0; block-size: 6rem; transition: inset-block-start var(--ortho-quick); }
  .list ortho-lead-card { block-size: 100%; cursor: grab; user-select: none; -webkit-user-select: none; -webkit-touch-callout: none; }
  .none { padding: 1rem .3rem; font-size: .875rem; }
  .taken { opacity: .35; }
  .refused { animation: refuse 400ms ease-in-out; }
  .held { position: fixed; inset: -1.5rem auto auto -4rem; z-index: 40; inline-size: 15rem; block-size: 6rem; pointer-events: none; }
  .held ortho-lead-card { block-size: 100%; box-shadow: var(--ortho-shadow-large); border-radius: var(--ortho-round); }
  .holding { cursor: grabbing; }
  .stages { display: grid; gap: .4rem; }
  .choice { inline-size: 100%; justify-content: start; border-inline-start: 4px solid var(--card-color, var(--ortho-line-strong)); }
  @keyframes refuse { 25% { transform: translateX(-.35rem); } 75% { transform: translateX(.35rem); } }

  @media (max-width: 52rem) {
    .board { scroll-snap-type: x mandatory; scroll-padding-inline: 1rem; }
    .board.holding { scroll-snap-type: none; }
    .column { flex-basis: min(84vw, 20rem); scroll-snap-align: start; }
    .filters { flex-wrap: nowrap; overflow-x: auto; scrollbar-width: none; }
    .filters .input { flex: none; max-inline-size: 9.5rem; }
  }

  @media print {
    :host { block-size: auto; }
    .board { flex-wrap: wrap; overflow: visible; }
    .list { overflow: visible; }
    .list ul { block-size: auto !important; }
    .list li { position: static; margin-block-end: .3rem; }
  }
`;
