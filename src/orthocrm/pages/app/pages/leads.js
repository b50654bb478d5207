/** The list of all leads. */

import "../../elements/lead-list.js";
import "../sheet.js";
import { h } from "../../base/element.js";

export default ({ query, keep }) =>
  h("ortho-sheet", {}, h("ortho-lead-list", { remember: true, ".filters": query, "onortho-filters": ({ detail }) => keep(detail) }));
