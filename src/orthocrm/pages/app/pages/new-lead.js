/** A new lead, with all that there is to know. */

import "../../elements/lead-form.js";
import "../sheet.js";
import { h } from "../../base/element.js";
import { say } from "../../texts/say.js";

export default ({ go }) =>
  h("ortho-sheet", { heading: say("leads.lead.new"), narrow: true },
    h("ortho-lead-form", { "onortho-lead-saved": ({ detail }) => go(`/leads/${detail.lead.id}`), "onortho-cancel": () => go("/leads") }),
  );
