/** Somebody calls: the quick entry. */

import "../../elements/lead-quick-entry.js";
import "../sheet.js";
import { h } from "../../base/element.js";
import { href } from "../../parts/router.js";
import { say } from "../../texts/say.js";

export default ({ query }) =>
  h("ortho-sheet", { heading: say("leads.quick.title"), narrow: true }, [
    h("a", { slot: "tools", href: href("/leads/new") }, say("leads.quick.full")),
    h("ortho-lead-quick-entry", { phone: query.phone, channel: query.channel }),
  ]);
