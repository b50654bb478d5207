/** The numbers of the practice. */

import "../../elements/lead-analytics-dashboard.js";
import "../sheet.js";
import { h } from "../../base/element.js";
import { say } from "../../texts/say.js";

export default ({ query: { range, first, until }, keep }) =>
  h("ortho-sheet", { heading: say("app.page.reports") },
    h("ortho-lead-analytics-dashboard", { range, first, until, "onortho-range": ({ detail }) => keep(detail) }));
