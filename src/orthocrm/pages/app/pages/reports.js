/** The numbers of the practice. */

import "../../elements/conversion-funnel.js";
import "../sheet.js";
import { h } from "../../base/element.js";
import { say } from "../../texts/say.js";

export default () => h("ortho-sheet", { heading: say("app.page.reports") }, h("ortho-conversion-funnel", {}));
