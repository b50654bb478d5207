/** What is to be done: one's own tasks, or those of somebody else. */

import "../../elements/task-list.js";
import "../sheet.js";
import { h } from "../../base/element.js";
import { say } from "../../texts/say.js";

export default ({ query, house, go }) => {
  const { user = "me" } = query;
  const people = house.coordinators.filter((one) => one.id !== house.me.user).map((one) => [one.id, one.name]);
  const options = [["me", say("leads.task.mine")], ...people, ["all", say("leads.task.everybody")]];
  const choose = ({ target }) => go("/tasks", { user: target.value === "me" ? undefined : target.value });
  return h("ortho-sheet", { heading: say("leads.task.title"), narrow: true }, [
    h("select", { slot: "tools", class: "input", style: { "inline-size": "auto" }, "aria-label": say("leads.task.whose"), onchange: choose },
      options.map(([id, name]) => h("option", { key: id, value: id, ".selected": id === user }, name))),
    h("ortho-task-list", { key: user, user: user === "all" ? null : user }),
  ]);
};
