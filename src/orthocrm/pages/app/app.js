/** <ortho-app>: the application around the pages: who is in, where one is, and what is there. */

import "./help.js";
import "./login.js";
import "./notices.js";
import { client, renew } from "../base/client.js";
import { OrthoElement, define, h } from "../base/element.js";
import { format } from "../base/format.js";
import { icon } from "../parts/icons.js";
import { whenIdle } from "../parts/idle.js";
import { shortcut } from "../parts/keys.js";
import { practice } from "../parts/practice.js";
import { follow, go, here, href, keep } from "../parts/router.js";
import { choose, language, languages } from "../texts/say.js";
import { styles } from "./frame.js";
import { ROUTES, find, opens } from "./routes.js";

const THEME = "orthocrm.theme";
const IDLE_MINUTES = 15;

class App extends OrthoElement {
  static texts = "app";
  static styles = styles;

  state = { phase: "starting", house: null, page: null, isAsked: false };

  async connected() {
    const { signal } = this.leaving;
    document.documentElement.lang = language;
    this.dress(localStorage.getItem(THEME));
    client.enter = () => this.entered();
    follow(() => this.open(), signal);
    shortcut("?", this.t("key.help"), () => this.shadowRoot.querySelector("ortho-help").open(), signal);
    whenIdle(IDLE_MINUTES, () => this.lock(), signal);
    await this.begin();
  }

  /** Nobody is there: end the session, and ask who comes back. */
  async lock() {
    if (this.state.phase !== "in") return;
    await client.delete("/session").catch(() => null);
    this.entered();
  }

  /** Find out who is in; the page behind the log-in is the one that was asked for. */
  async begin() {
    client.forget();
    try {
      const [, house] = await Promise.all([renew(), practice(), find(here().path)?.route.load().catch(() => null)]);
      await this.welcome(house);
    } catch (problem) {
      this.set(problem.status === 401 ? { phase: "out" } : { phase: "failed", problem });
    }
  }

  async welcome(house) {
    this.set({ phase: "in", house });
    for (const route of this.offered())
      if (route.key || route.keys) shortcut(route.keys ?? `g ${route.key}`, this.title(route), () => go(route.path), this.leaving.signal);
    await this.open();
  }

  /** A session has ended: ask for the password over the page, and go on where one was. */
  entered() {
    if (this.state.phase !== "in") return Promise.resolve(false);
    this.waiting ??= new Promise((done) => {
      this.set({ isAsked: true });
      this.goOn = async () => {
        this.waiting = null;
        const { me } = this.state.house;
        this.set({ isAsked: false });
        const now = await client.get("/account/rights");
        if (now.user !== me.user) location.reload();
        done(true);
      };
    });
    return this.waiting;
  }

  async leave() {
    await client.delete("/session").catch(() => null);
    location.assign(href("/"));
  }

  offered() {
    return ROUTES.filter((route) => route.icon && opens(route, this.state.house));
  }

  title(route) {
    return this.t(`page.${route.name}`);
  }

  /** Show the page of the address. */
  async open() {
    if (this.state.phase !== "in") return;
    const { path, query } = here();
    const [first] = this.offered();
    if (path === "/" && first) {
      history.replaceState(null, "", href(first.path));
      return this.open();
    }
    const found = find(path);
    if (!found || !opens(found.route, this.state.house)) {
      this.arrived({ kind: found ? "forbidden" : "missing" });
      return;
    }
    const { route, params } = found;
    this.set({ heading: route.name });
    try {
      const { default: draw } = await route.load();
      this.arrived({ kind: "page", route, draw, params, query, path });
    } catch {
      this.arrived({ kind: "unloaded" }); // another release stands there by now
    }
  }

  arrived(page) {
    const isFirst = this.state.page === null;
    const name = page.route ? this.title(page.route) : this.t(`state.${page.kind}`);
    document.title = `${name} · ${this.state.house.me.clinicName}`;
    this.set({ page, heading: page.route?.name });
    if (!isFirst) queueMicrotask(() => this.shadowRoot.querySelector("main")?.focus());
  }

  dress(theme) {
    const { dataset } = document.documentElement;
    if (theme) dataset.theme = theme;
    else delete dataset.theme;
    this.set({ theme: theme ?? "" });
  }

  drawn() {
    const dialog = this.shadowRoot.querySelector("dialog.again");
    if (dialog && !dialog.open) dialog.showModal();
  }

  draw() {
    const { phase, isAsked } = this.state;
    return [
      phase === "starting" && h("p", { key: "wait", class: "state", role: "status" }, this.t("loading")),
      phase === "failed" && this.failed(),
      phase === "out" && this.door(),
      phase === "in" && this.frame(),
      isAsked &&
        h("dialog", { key: "again", class: "again", oncancel: (event) => event.preventDefault(), "aria-label": this.t("again") },
          h("ortho-login", { again: true, "onortho-entered": () => this.goOn() }),
        ),
      h("ortho-notices", { key: "notices" }),
      h("ortho-help", { key: "help" }),
    ];
  }

  failed() {
    return h("main", { key: "failed", class: "state" }, [
      h("h1", {}, this.t("state.failed")),
      h("p", {}, this.explain(this.state.problem)),
      h("button", { class: "button primary", onclick: () => this.begin() }, this.t("retry")),
    ]);
  }

  door() {
    return h("main", { key: "door", class: "door" }, [
      h("div", { class: "panel" }, [
        h("p", { class: "brand" }, "orthocrm"),
        h("ortho-login", { "onortho-entered": ({ detail }) => this.cameIn(detail) }),
        this.language(),
      ]),
    ]);
  }

  async cameIn({ enrolBy }) {
    await this.begin();
    if (enrolBy) this.notice(this.t("enrol", { when: format.date(enrolBy) }));
  }

  frame() {
    const { house } = this.state;
    return h("div", { key: "frame", class: "frame" }, [
      h("header", {}, [
        h("button", { class: "button skip", onclick: () => this.shadowRoot.querySelector("main").focus() }, this.t("skip")),
        document.documentElement.dataset.demo && h("p", { class: "demo" }, this.t("demo")),
        h("a", { class: "brand", href: href("/") }, house.me.clinicName),
        h("div", { class: "tools" }, [
          h("button", { class: "button quiet tool help", "aria-label": this.t("key.help"), onclick: () => this.shadowRoot.querySelector("ortho-help").open() }, icon("help")),
          this.dressing(),
          this.language(),
          h("span", { class: "me clip" }, [icon("person"), h("span", { class: "who clip" }, house.me.name)]),
          h("button", { class: "button quiet", "aria-label": this.t("leave"), onclick: () => this.leave() }, [icon("out"), h("span", { class: "wide" }, this.t("leave"))]),
        ]),
      ]),
      h("nav", { "aria-label": this.t("navigation") }, h("ul", {}, this.offered().map((route) => this.entry(route)))),
      h("main", { id: "main", tabindex: "-1" }, this.page()),
    ]);
  }

  entry(route) {
    const isHere = this.state.heading === route.name;
    return h("li", { key: route.name },
      h("a", { href: href(route.path), "aria-current": isHere ? "page" : null }, [icon(route.icon), h("span", {}, this.title(route))]),
    );
  }

  page() {
    const { page, house } = this.state;
    if (!page) return h("p", { class: "state", role: "status" }, this.t("loading"));
    if (page.kind === "page")
      return [
        h("h1", { class: "unseen", key: "title" }, this.title(page.route)),
        h("div", { class: "page", key: page.path }, page.draw({ ...page, house, keep, go })),
      ];
    return h("div", { class: "state" }, [
      h("h1", {}, this.t(`state.${page.kind}`)),
      h("p", {}, this.t(`state.${page.kind}_hint`)),
      page.kind === "unloaded"
        ? h("button", { class: "button primary", onclick: () => location.reload() }, this.t("reload"))
        : h("a", { class: "button", href: href("/") }, this.t("home")),
    ]);
  }

  dressing() {
    const next = this.state.theme === "dark" ? "light" : "dark";
    const wear = () => (localStorage.setItem(THEME, next), this.dress(next));
    return h("button", { class: "button quiet tool", "aria-label": this.t(`theme.${next}`), onclick: wear }, icon(next === "dark" ? "moon" : "sun"));
  }

  language() {
    const option = (one) => h("option", { value: one, selected: one === language, lang: one }, this.t(`language.${one}`));
    return h("select", { class: "language", "aria-label": this.t("language"), onchange: ({ target }) => choose(target.value) }, languages.map(option));
  }
}

define("ortho-app", App);
