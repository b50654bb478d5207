/** Who asks, what they may do, and the practice around them: asked for once, for all elements. */

import { client } from "../base/client.js";
import { format } from "../base/format.js";

/**
 * Read it: {me, clinic, stages, sources, coordinators, may(permission), name(user)}.
 *
 * Where somebody may not read the practice, `clinic` and the lists are empty.
 */
export async function practice() {
  const me = await client.once("/account/rights").catch(asProgram);
  format.zone = me.timezone;
  const rights = new Map(me.rights.map((right) => [right.permission, right.scopes]));
  const may = (permission) => rights.has(permission);
  const reads = may("lead:read");
  const [clinic, stages, sources, coordinators] = await Promise.all(
    ["/settings", "/pipeline-stages", "/lead-sources", "/coordinators"].map((path) =>
      reads ? client.once(path) : null,
    ),
  );
  const people = coordinators ?? [];
  return {
    me,
    clinic,
    stages: stages ?? [],
    sources: sources ?? [],
    coordinators: people,
    rights,
    may,
    name: (user) => people.find((one) => one.id === user)?.name ?? user ?? "",
  };
}

/** A program that comes by a key of its own is nobody, and is offered what can be read. */
async function asProgram(problem) {
  if (problem.code !== "forbidden") throw problem;
  const { id, name, timezone, settings } = await client.once("/settings");
  const rights = [{ permission: "lead:read", scopes: ["clinic"] }];
  const { currency } = settings;
  return { user: null, name: "", clinicId: id, clinicName: name, timezone, currency, roles: [], rights };
}
