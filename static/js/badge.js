// The badge counts on while a page is open: it asks how much is unread, seldom and only where somebody looks.
(() => {
  "use strict";
  const EVERY = 10000; // milliseconds
  const LONGEST = 320000; // between two questions to a server in trouble
  const address = document.currentScript.dataset.address;
  const places = [...document.querySelectorAll("[data-badge]")];
  const seen = document.getElementById("seen");
  const count = (name) => places.find((place) => place.dataset.badge === name)?.dataset.count || 0;
  let known = `"${count("notifications")}-${count("messages")}"`; // as the server writes its ETag
  let failures = 0;
  let ended = false;
  let asking = false;
  let timer;

  const shown = (n) => (n > 99 ? "99+" : String(n));

  function show(counts) {
    let total = 0;
    for (const place of places) {
      const n = counts[place.dataset.badge];
      total += n;
      place.dataset.count = n;
      place.lastElementChild.textContent = shown(n);
      place.hidden = !n;
    }
    document.title = (total ? `(${shown(total)}) ` : "") + document.title.replace(/^\(\d+\+?\) /, "");
  }

  async function ask() {
    clearTimeout(timer);
    if (ended || asking || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch(address, {
        headers: { "If-None-Match": known }, cache: "no-store", signal: AbortSignal.timeout(30000),
      });
      if (answer.status === 200) {
        show(await answer.json());
        known = answer.headers.get("ETag");
      } else if (answer.status === 204) ended = true; // nobody is signed in any more
      else if (answer.status !== 304) throw new Error(answer.status);
      failures = 0;
    } catch { failures += 1; }
    asking = false;
    wait();
  }

  function wait() {
    clearTimeout(timer);
    if (ended || document.hidden) return;
    // Tabs that lost the server together don't come back together.
    const pause = failures ? Math.min(EVERY * 2 ** failures, LONGEST) * (0.75 + Math.random() / 2) : EVERY;
    timer = setTimeout(ask, pause);
  }

  // What this page showed to somebody is read from now on.
  async function mark() {
    if (!seen || seen.dataset.sent || document.hidden) return;
    seen.dataset.sent = "1";
    try {
      await fetch(seen.action, { method: "POST", body: new URLSearchParams(new FormData(seen)), redirect: "manual" });
    } catch { delete seen.dataset.sent; }
    ask();
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return clearTimeout(timer);
    mark();
    ask();
  });
  addEventListener("online", ask);
  addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
  mark();
  wait();
})();
