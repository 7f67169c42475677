// What the pages do on top of working without this file. Sentences come from the server, in #live's data attributes.
(() => {
  "use strict";
  const root = document.documentElement;
  const lang = root.lang || "en";
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const live = $("#live");
  const act = $("#act");
  const typing = "input, textarea, select, [contenteditable]";

  // ------------------------------------------------------------------------------------------------ saying
  let silence;
  function say(words, quiet = false) {
    if (!words) return;
    clearTimeout(silence);
    live.classList.toggle("said", quiet);
    live.textContent = "";
    requestAnimationFrame(() => { live.textContent = words; });
    silence = setTimeout(() => { live.textContent = ""; }, 6000);
  }

  async function page(address, options = {}) {
    const answer = await fetch(address, options);
    if (answer.redirected && new URL(answer.url).pathname === "/accounts/login/") {
      location.assign(answer.url);
      throw new Error("signed out");
    }
    if (answer.headers.has("HX-Redirect")) {
      location.assign(answer.headers.get("HX-Redirect"));
      throw new Error("signed out");
    }
    const words = await answer.text();
    const isSentence = answer.headers.get("Content-Type")?.startsWith("text/plain");
    if (!answer.ok) throw Object.assign(new Error(answer.status), { sentence: isSentence ? words : "" });
    return Object.assign(new DOMParser().parseFromString(words, "text/html"), { address: answer.url });
  }

  const post = (address, form = act, extra = {}, headers = {}) => {
    const body = new FormData(form);
    for (const name in extra) body.set(name, extra[name]);
    return page(address, { method: "POST", body: new URLSearchParams(body), headers });
  };

  const refused = (error) => {
    if (error.message === "signed out") return;
    say(error.sentence || (navigator.onLine ? live.dataset.refused : live.dataset.offline));
  };

  const notesOf = (doc) => $$(".note p", doc).map((note) => note.textContent.trim()).join(" ");

  // ------------------------------------------------------------------------------------------------ times
  const format = (options) => new Intl.DateTimeFormat(lang, options);
  const full = format({ dateStyle: "long", timeStyle: "short" });
  const shapes = {
    day: format({ dateStyle: "long" }),
    long: format({ dateStyle: "medium", timeStyle: "short" }),
    clock: format({ timeStyle: "short" }),
    near: format({ month: "short", day: "numeric" }),
    far: format({ year: "numeric", month: "short", day: "numeric" }),
  };
  const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
  const amount = (n, unit) => new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "short" }).format(n);

  function ago(seconds) {
    for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
      if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit);
    }
    return relative.format(0, "second");
  }

  function short(moment, seconds) {
    if (seconds < 60) return relative.format(0, "second");
    if (seconds < 3600) return amount(Math.floor(seconds / 60), "minute");
    if (seconds < 86400) return amount(Math.floor(seconds / 3600), "hour");
    return moment.getFullYear() === new Date().getFullYear() ? shapes.near.format(moment) : shapes.far.format(moment);
  }

  function times(within = document) {
    for (const time of $$("time[datetime]", within)) {
      const moment = new Date(time.dateTime);
      if (isNaN(moment)) continue;
      const seconds = Math.max(0, (Date.now() - moment) / 1000);
      const style = time.closest(".lone") ? "long" : time.dataset.style;
      const words = style === "ago" ? ago(seconds)
        : style in shapes ? shapes[style].format(moment) : short(moment, seconds);
      if (time.dataset.words === words) continue;
      time.dataset.words = words;
      time.title = full.format(moment);
      const shown = Object.assign(document.createElement("span"), { textContent: words, ariaHidden: "true" });
      const read = Object.assign(document.createElement("span"), { textContent: time.title, className: "hidden" });
      time.replaceChildren(shown, read);
    }
  }
  times();
  setInterval(times, 60000);
  // For the scripts of single pages: something was added here; something was refused.
  document.addEventListener("added", (event) => times(event.target));
  document.addEventListener("refused", refused);

  // ------------------------------------------------------------------------------------------------ writing
  // Counted as the server counts (blog/text.py): cleaned, then characters as people see them.
  const segmenter = window.Intl.Segmenter && new Intl.Segmenter(lang, { granularity: "grapheme" });
  const unwanted = /[\p{Cc}\u202A-\u202E\u206A-\u206F\uFEFF\uFFF9-\uFFFB]/gu;
  function lengthOf(text) {
    const clean = text.replace(/\r\n?|\u2028|\u2029/g, "\n").replace(/\t/g, " ")
      .replace(unwanted, (c) => (c === "\n" ? c : "")).normalize("NFC")
      .replace(/([\p{M}\u200C\u200D]{8})[\p{M}\u200C\u200D]+/gu, "$1")
      .replace(/\n(?:[^\S\n]*\n){2,}/g, "\n\n").trim();
    if (!segmenter) return [...clean].length;
    let n = 0;
    for (const { segment } of segmenter.segment(clean)) n += 1 + Math.floor(([...segment].length - 1) / 32);
    return n;
  }

  const number = new Intl.NumberFormat(lang);
  let told;
  function count(form) {
    const shown = $(".count[data-limit]", form);
    const body = $("textarea", form);
    if (!shown || !body) return;
    const left = shown.dataset.limit - lengthOf(body.value);
    shown.textContent = number.format(left);
    shown.classList.toggle("near", left <= 20 && left >= 0);
    shown.classList.toggle("over", left < 0);
    clearTimeout(told);
    if (left <= 20) told = setTimeout(() => say(`${live.dataset.left} ${number.format(left)}`, true), 1000);
  }

  // A text is kept in this tab until the site says that it was posted: an expired session costs nothing.
  // Each form has its own: what was meant as an answer does not turn up as a post.
  const kept = (form) => `draft:${$("#me .me")?.getAttribute("href")}:${new URL(form.action).pathname}`;
  function remember(form, sent = false) {
    try {
      const text = $("textarea", form).value;
      if (text) sessionStorage.setItem(kept(form), text);
      else sessionStorage.removeItem(kept(form));
      if (sent) sessionStorage.setItem("sent", kept(form));
    } catch { /* storage may be switched off */ }
  }
  function arrived() {
    try {
      if ($("[data-about='posted']")) sessionStorage.removeItem(sessionStorage.getItem("sent"));
    } catch { /* storage may be switched off */ }
  }
  function restore(form) {
    try {
      const text = sessionStorage.getItem(kept(form));
      const body = $("textarea", form);
      if (!text || body.value) return;
      body.value = text;
      say(live.dataset.kept, true);
    } catch { /* storage may be switched off */ }
  }
  arrived();
  for (const form of $$("form.write, form.send")) {
    restore(form);
    count(form);
    form.addEventListener("input", () => { remember(form); count(form); });
    form.addEventListener("submit", () => remember(form, true));
  }
  for (const form of $$("form:not([data-draft]):has(.count[data-limit])")) {
    count(form);
    form.addEventListener("input", () => count(form));
  }
  document.addEventListener("submit", (event) => {
    // Sent once, however often the button is pressed.
    if (event.defaultPrevented || event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
    setTimeout(() => { delete event.target.dataset.sent; }, 5000);
    if (event.submitter?.formAction.endsWith("/logout/")) {
      try { sessionStorage.clear(); } catch { /* storage may be switched off */ }
    }
  });
  const write = () => {
    const body = $("#id_body");
    if (body) { body.scrollIntoView({ block: "center" }); body.focus(); }
    return body;
  };
  if (location.hash === "#id_body") write();
  // A conversation opens at the post that was asked for; what it answers is above, for who scrolls up.
  const arrival = performance.getEntriesByType("navigation")[0]?.type;
  if ($(".above") && !location.hash && arrival === "navigate") $(".lone").scrollIntoView();

  // ------------------------------------------------------------------------------------------------ pressing
  // Pressed at once, and turned back with a sentence if the site refuses.
  function flip(button) {
    button.ariaPressed = String(button.ariaPressed !== "true");
    const before = button.formAction;
    button.formAction = button.dataset.other;
    button.dataset.other = new URL(before).pathname;
  }

  const grouped = new Intl.NumberFormat(lang, { useGrouping: "always", numberingSystem: "latn" });
  let presses = 0;
  async function press(button) {
    if (button.dataset.busy) return;
    const mine = ++presses;
    const address = button.formAction;
    const turn = () => {
      const count = $(".count", button);
      const n = Number(count.textContent.replace(/\D/g, "")) + (button.ariaPressed === "true" ? -1 : 1);
      count.textContent = n > 0 ? grouped.format(n) : "";
      flip(button);
    };
    button.dataset.busy = "1";
    turn();
    try {
      const doc = await post(address, act, {}, { "HX-Request": "true" });
      delete button.dataset.busy;
      // Of two that were pressed one after the other, the answer to the later one knows of both.
      for (const old of mine === presses ? $$(".act", button.closest(".acts")) : [button]) refresh(old, doc);
      if (button.closest(".lone") && mine === presses) renew($(".counted"), $(".counted", doc));
    } catch (error) {
      turn();
      refused(error.message === "404" ? { sentence: live.dataset.gone } : error);
    }
    delete button.dataset.busy;
  }
  // Whoever went on by keyboard meanwhile, to a link in what is renewed, stays on that link.
  function renew(old, fresh) {
    if (!old || !fresh) return;
    const held = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
    old.replaceWith(fresh);
    times(fresh);
    if (held) $$("a", fresh).find((link) => link.getAttribute("href") === held)?.focus({ preventScroll: true });
  }
  // The site may know of other people's likes by now. A button that is still waiting for its own answer stays.
  function refresh(old, doc) {
    const fresh = [...old.classList].map((name) => name !== "act" && $(`.act.${name}`, doc)).find(Boolean);
    if (!fresh || old.dataset.busy) return;
    for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
    $(".count", old).textContent = $(".count", fresh).textContent;
  }

  // ------------------------------------------------------------------------------------------------ following
  async function follow(button) {
    const address = button.formAction;
    const same = $$(".follow").filter((other) => other.formAction === address); // beside another of their names
    const turn = () => same.forEach(flip);
    if (button.dataset.busy) return;
    button.dataset.busy = "1";
    turn();
    try {
      const doc = await post(address);
      renew($(".profile .facts"), $(".profile .facts", doc));
      say(notesOf(doc), true);
    } catch (error) {
      turn();
      refused(error);
    }
    delete button.dataset.busy;
  }

  // ------------------------------------------------------------------------------------------------ colours
  function theme(button) {
    if (button.value === "system") delete root.dataset.theme;
    else root.dataset.theme = button.value;
    for (const other of $$("button[name='theme']")) other.ariaPressed = String(other === button);
    post(button.formAction, act, { theme: button.value }).catch(refused);
  }

  // ------------------------------------------------------------------------------------------------ menus, dialogs
  const menu = $("#menu");
  let opener;
  async function openMenu(link) {
    opener = link;
    menu.replaceChildren();
    await htmx.ajax("GET", `${link.getAttribute("href")}menu/`, { target: "#menu", swap: "innerHTML" });
    if (opener !== link || !menu.childElementCount) return;
    menu.showPopover({ source: link });
    const at = link.getBoundingClientRect();
    const room = innerHeight - at.bottom - menu.offsetHeight > 8 ? at.bottom : at.top - menu.offsetHeight;
    const side = root.dir === "rtl" ? at.left : at.right - menu.offsetWidth;
    menu.style.top = `${Math.max(8, room)}px`;
    menu.style.left = `${Math.max(8, Math.min(side, innerWidth - menu.offsetWidth - 8))}px`;
    $("a, button", menu)?.focus({ focusVisible: link.matches(":focus-visible") });
  }
  addEventListener("scroll", () => menu.matches(":popover-open") && menu.hidePopover(), { passive: true });

  const place = (words) => Object.assign(document.createElement("p"), { className: "gone", textContent: words });
  const ask = $("#ask");
  async function question(link) {
    let form;
    try {
      form = $("#delete, #block, #clear", await page(link.href));
    } catch { /* the page itself says what is wrong */ }
    if (!form) return location.assign(link.href);
    const title = Object.assign(document.createElement("h2"), { textContent: link.textContent.trim() });
    form.action = link.href;
    ask.replaceChildren(title, form);
    times(ask);
    for (const heavy of $$(".quoted [id]", ask)) heavy.removeAttribute("id");
    menu.hidePopover();
    ask.showModal();
  }
  ask.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.id !== "delete") return;
    event.preventDefault();
    const card = $(`#post-${form.action.match(/posts\/(\d+)\//)?.[1]}`);
    ask.close();
    try {
      const doc = await post(form.action, form);
      if (!card || card.closest(".lone")) return location.assign(doc.address);
      const cards = $$("#main .post");
      const next = cards[cards.indexOf(card) + 1] || cards[cards.indexOf(card) - 1];
      if (card.closest(".joined")) card.replaceWith(place(live.dataset.deleted)); // answers to it stay
      else card.remove();
      (next || $("#main")).focus({ preventScroll: true });
      say(notesOf(doc));
    } catch (error) { refused(error); }
  });

  // ------------------------------------------------------------------------------------------------ timelines
  // "Show more" puts the next page below and its links in place of these; what is newer than the list stays the same.
  const newer = $("#pager [rel='prev']")?.outerHTML || "";
  document.addEventListener("htmx:afterSettle", (event) => {
    times(event.target);
    if (event.target.id !== "posts") return;
    const link = $("#pager [rel='prev']");
    if (link) link.outerHTML = newer;
    say(live.dataset.more, true);
  });
  for (const wrong of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(wrong, () => refused(new Error(wrong)));
  }

  const fresh = $(".fresh[data-poll]");
  const posts = $("#posts");
  const EVERY = 30000;
  let pause = EVERY;
  let timer;
  async function poll() {
    if (document.hidden) return wait();
    try {
      const answer = await fetch(`${fresh.dataset.poll}?after=${posts.dataset.newest}`);
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const { count: n, label } = await answer.json();
      if (n && fresh.textContent !== label) {
        fresh.textContent = label;
        fresh.hidden = false;
        say(label, true);
      }
      pause = EVERY;
    } catch { pause = Math.min(pause * 2, 16 * EVERY); }
    wait();
  }
  function wait() {
    clearTimeout(timer);
    timer = setTimeout(poll, pause);
  }
  async function showFresh() {
    const batches = [];
    let newest = posts.dataset.newest;
    for (let pages = 0; pages < 3; pages += 1) {
      const doc = await page(`${fresh.getAttribute("href") || location.pathname}?after=${newest}`);
      batches.unshift($$("#posts > .post", doc));
      newest = $("#posts", doc).dataset.newest;
      if (!$("#pager [rel='prev']", doc)) {
        const cards = batches.flat();
        // What is repeated moves up: each post is there once.
        for (const card of cards) document.getElementById(card.id)?.remove();
        posts.prepend(...cards);
        if (cards.length) posts.dataset.newest = newest;
        $(".nothing")?.remove();
        times(posts);
        fresh.hidden = true;
        fresh.textContent = "";
        cards[0]?.focus({ preventScroll: true });
        return;
      }
    }
    location.assign(fresh.getAttribute("href") || location.pathname); // so many that a new page is quicker
  }
  if (fresh && posts) {
    wait();
    document.addEventListener("visibilitychange", () => { if (!document.hidden && pause === EVERY) poll(); });
  }

  // ------------------------------------------------------------------------------------------------ clicks
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const on = event.target.closest("a, button");
    if (!on) return;
    const does = (action) => { event.preventDefault(); action(on); };
    if (on.matches(".follow")) does(follow);
    else if (on.matches(".act[data-other]")) { if (document.body.matches(".member")) does(press); }
    else if (on.matches("button[name='theme']")) does(theme);
    else if (on.matches("a.more")) does(openMenu);
    else if (on.matches("[data-ask]")) does(question);
    else if (on.matches("#ask [data-close]")) does(() => ask.close());
    else if (on.matches(".fresh")) does(() => showFresh().catch(refused));
    else if (on.matches("[data-open]")) does(() => { $("#me")?.hidePopover(); $(`#${on.dataset.open}`).showModal(); });
    else if (on.matches("[data-copy]")) does(copy);
    else if (on.matches(".compose") && $("#id_body")) does(write);
  });
  function copy(button) {
    navigator.clipboard.writeText(new URL(button.dataset.copy, location).href)
      .then(() => say(live.dataset.copied), () => say(live.dataset.refused));
    button.closest("[popover]")?.hidePopover();
  }

  // ------------------------------------------------------------------------------------------------ keys
  function step(by) {
    const cards = $$(".posts > .post, .lone > .post, .above .post, .branch .post");
    const here = cards.indexOf(document.activeElement?.closest(".post"));
    const card = cards[here < 0 ? 0 : Math.min(cards.length - 1, Math.max(0, here + by))];
    if (!card) return;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }
  // The post that the keys mean: the one with the focus, else the one that the page is about.
  const chosen = () => document.activeElement?.closest(".post") || $(".lone > .post") || document.createElement("p");
  const keys = {
    r: () => $(".act.reply", chosen())?.click(),
    l: () => $(".act.like", chosen())?.click(),
    n: () => write() || ($(".compose") && location.assign($(".compose").href)),
    j: () => step(1),
    k: () => step(-1),
    "/": () => {
      const box = $$(".find input").find((input) => input.offsetParent);
      if (!box) location.assign(live.dataset.search);
      box?.select();
      box?.focus();
    },
    "?": () => $("#keys").showModal(),
    Enter: () => document.activeElement.matches(".post") && $(".when", document.activeElement)?.click(),
  };
  document.addEventListener("keydown", (event) => {
    const on = event.target;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && on.matches?.("textarea") && on.form) {
      event.preventDefault();
      on.form.requestSubmit();
      return;
    }
    if (document.body.dataset.shortcuts === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (on.matches?.(typing) || $("dialog[open], :popover-open:not(#card)")) return;
    if (event.key === "Enter" && !on.matches?.(".post")) return;
    const action = keys[event.key];
    if (action) { event.preventDefault(); action(); }
  });

  // What the server said on this page is said aloud too; an error that takes the focus is read anyway.
  say(notesOf($("#main")), true);
})();
