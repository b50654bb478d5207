/** How the application around the pages looks. */

import { css } from "../base/element.js";

export const styles = css`
  :host { min-block-size: 100vh; min-block-size: 100dvh; }
  .frame { display: grid; grid-template: "header header" auto "nav main" 1fr / 12.5rem minmax(0, 1fr); block-size: 100vh; block-size: 100dvh; }
  .demo { grid-column: 1 / -1; margin: -.4rem -1rem .4rem; padding: .3rem 1rem; background: var(--ortho-warn-soft); color: var(--ortho-warn-text); font-size: .875rem; text-align: center; }
  header { grid-area: header; display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: center; gap: 0 1rem; padding: .4rem 1rem; border-block-end: 1px solid var(--ortho-line); background: var(--ortho-surface); }
  .brand { overflow: hidden; color: inherit; text-overflow: ellipsis; white-space: nowrap; font-size: 1.05rem; font-weight: 680; letter-spacing: -.01em; text-decoration: none; }
  .tools { display: flex; align-items: center; gap: .35rem; min-inline-size: 0; }
  .tool { min-inline-size: 2.5rem; padding: .4rem; }
  .me { display: flex; align-items: center; gap: .4rem; padding-inline: .5rem; }
  .language { min-block-size: 2.25rem; padding: .2rem .4rem; border: 1px solid transparent; border-radius: var(--ortho-round); background: transparent; color: inherit; }
  .language:hover { background: var(--ortho-hover); }
  .language option { background: var(--ortho-field); color: var(--ortho-text); }
  nav { grid-area: nav; padding: .75rem .6rem; border-inline-end: 1px solid var(--ortho-line); background: var(--ortho-surface); overflow: auto; }
  nav ul { display: grid; gap: .15rem; }
  nav a { display: flex; align-items: center; gap: .7rem; min-block-size: 2.5rem; padding: .4rem .7rem; border-radius: var(--ortho-round); color: inherit; font-weight: 550; text-decoration: none; }
  nav a:hover { background: var(--ortho-hover); }
  nav a[aria-current] { background: var(--ortho-accent-soft); color: var(--ortho-accent-text); }
  main { grid-area: main; min-inline-size: 0; min-block-size: 0; overflow: auto; }
  main:focus { outline: none; }
  .page { block-size: 100%; }
  .skip { position: absolute; inset-block-start: -4rem; inset-inline-start: 1rem; z-index: 60; }
  .skip:focus { inset-block-start: .5rem; }
  .door { display: grid; place-items: center; min-block-size: 100vh; min-block-size: 100dvh; padding: 1rem; }
  .door .panel { display: grid; gap: 1.25rem; inline-size: min(27rem, 100%); padding: 2rem; }
  .door .brand { color: var(--ortho-accent-text); }
  .door .language { justify-self: start; }
  .again { inline-size: min(27rem, calc(100vw - 2rem)); padding: 2rem; border: 1px solid var(--ortho-line); border-radius: var(--ortho-round-large); background: var(--ortho-raised); color: inherit; box-shadow: var(--ortho-shadow-large); }
  .again::backdrop { background: rgb(8 12 18 / 55%); }

  @media (max-width: 52rem) {
    :host { --ortho-below: 4rem; }
    .frame { grid-template: "header" auto "main" 1fr "nav" auto / minmax(0, 1fr); }
    nav { padding: .2rem .4rem max(.2rem, env(safe-area-inset-bottom)); border-block-start: 1px solid var(--ortho-line); border-inline-end: 0; }
    nav ul { display: flex; }
    nav li { flex: 1 0 4.25rem; }
    nav a { flex-direction: column; gap: .1rem; padding: .35rem .2rem; font-size: .75rem; }
    .wide, .me, .help { display: none; }
    .demo { font-size: .8125rem; }
  }

  @media print {
    .frame { display: block; block-size: auto; }
    header, nav { display: none; }
    main { overflow: visible; }
  }
`;
