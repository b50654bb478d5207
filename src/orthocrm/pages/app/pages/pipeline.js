/** The board of all leads. */

import "../../elements/lead-pipeline.js";
import { h } from "../../base/element.js";
import { remembered } from "../../parts/remember.js";

export default (page) => {
  const { filters, change } = remembered("pipeline", page);
  return h("ortho-lead-pipeline", {
    ".filters": filters,
    "onortho-filters": ({ detail }) => change(detail),
  });
};
