/** One lead. */

import "../../elements/lead-detail.js";
import "../sheet.js";
import { h } from "../../base/element.js";

export default ({ params }) => h("ortho-sheet", {}, h("ortho-lead-detail", { "lead-id": params.id }));
