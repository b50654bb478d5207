/** The board of all leads. */

import "../../elements/lead-pipeline.js";
import { h } from "../../base/element.js";

export default ({ query, keep }) =>
  h("ortho-lead-pipeline", {
    ".filters": query,
    "onortho-filters": ({ detail }) => keep(detail),
  });
