/**
 * The pages of the application, in the order of the navigation.
 *
 * `path` may hold {names}; `load` gives the module, whose default export draws the page from
 * {params, query, house}. `needs` are permissions of which one is enough. With an `icon` it stands
 * in the navigation, `key` opens it after g, `keys` by itself. Its title is the text `app.page.<name>`.
 */
export const ROUTES = [
  {
    name: "pipeline",
    path: "/pipeline",
    needs: ["lead:read"],
    icon: "board",
    key: "p",
    load: () => import("./pages/pipeline.js"),
  },
  {
    name: "leads",
    path: "/leads",
    needs: ["lead:read"],
    icon: "list",
    key: "l",
    load: () => import("./pages/leads.js"),
  },
  {
    name: "new_lead",
    path: "/leads/new",
    needs: ["lead:create"],
    load: () => import("./pages/new-lead.js"),
  },
  {
    name: "lead",
    path: "/leads/{id}",
    needs: ["lead:read"],
    load: () => import("./pages/lead.js"),
  },
  {
    name: "tasks",
    path: "/tasks",
    needs: ["lead:read"],
    icon: "check",
    key: "t",
    load: () => import("./pages/tasks.js"),
  },
  {
    name: "reports",
    path: "/reports",
    needs: ["lead:analytics"],
    icon: "chart",
    key: "r",
    load: () => import("./pages/reports.js"),
  },
  {
    name: "call",
    path: "/call",
    needs: ["lead:create"],
    icon: "phone",
    keys: "n",
    load: () => import("./pages/call.js"),
  },
];

/** Find the route of a path: {route, params}, or null. */
export function find(path) {
  for (const route of ROUTES) {
    const names = [];
    const pattern = route.path.replace(/{(\w+)}/g, (_, name) => (names.push(name), "([^/]+)"));
    const found = new RegExp(`^${pattern}/?$`).exec(path);
    if (found) {
      const values = found.slice(1).map(decodeURIComponent);
      return { route, params: Object.fromEntries(names.map((name, n) => [name, values[n]])) };
    }
  }
  return null;
}

/** Whether somebody's rights open a route. */
export function opens(route, house) {
  return !route.needs || route.needs.some(house.may);
}
