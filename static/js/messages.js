// One conversation: messages are sent in place, and come in without a reload. Addresses and sentences are in #latest's data.
(() => {
  "use strict";
  const talk = document.getElementById("talk");
  if (!talk) return;
  const form = document.querySelector("form.send");
  const { dataset } = document.getElementById("latest");
  const heard = document.getElementById("heard");
  const lang = document.documentElement.lang;
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");
  const said = () => [...talk.querySelectorAll(".said")];
  const idOf = (one) => BigInt(one.id.slice("message-".length));

  function tell(words) {
    heard.textContent = "";
    requestAnimationFrame(() => { heard.textContent = words; });
  }

  // ------------------------------------------------------------------------------------------------ days, read marks
  const long = new Intl.DateTimeFormat(lang, { dateStyle: "full" });
  const near = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
  const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());

  function nameOf(day) {
    const ago = Math.round((midnight(new Date()) - day) / 86400000);
    if (ago > 1) return long.format(day);
    const words = near.format(-ago, "day");
    return words.charAt(0).toLocaleUpperCase(lang) + words.slice(1);
  }

  // The server parts days by UTC; the reader's own begin at their midnight.
  function part() {
    for (const old of talk.querySelectorAll(".day")) old.remove();
    let last;
    for (const one of said()) {
      const day = midnight(new Date(one.querySelector("time").dateTime));
      if (last === undefined || day - last) {
        const name = Object.assign(document.createElement("time"), { textContent: nameOf(day) });
        const line = Object.assign(document.createElement("li"), { className: "day" });
        line.append(name);
        one.before(line);
      }
      last = day;
    }
  }

  function mark() {
    const to = BigInt(talk.dataset.read);
    const read = said().filter((one) => one.matches(".mine") && idOf(one) <= to).at(-1);
    const line = talk.querySelector(".seen");
    if (!read) return line?.remove();
    if (line) return read.after(line);
    read.after(Object.assign(document.createElement("li"), { className: "seen", textContent: dataset.seen }));
  }

  // Put messages of another page of this conversation where they belong, each once. Return those that are new here.
  function take(other, where) {
    const fresh = [...other.querySelectorAll(".said")].filter((one) => !document.getElementById(one.id));
    talk[where](...fresh);
    talk.dispatchEvent(new CustomEvent("added", { bubbles: true }));
    document.querySelector(".nothing")?.remove();
    part();
    return fresh;
  }

  // ------------------------------------------------------------------------------------------------ earlier ones
  const bottom = () => scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
  const atBottom = () => innerHeight + scrollY > document.documentElement.scrollHeight - 200;

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("#earlier a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.ariaBusy) return;
    link.ariaBusy = "true";
    try {
      const answer = await fetch(link.href);
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const page = parse(await answer.text());
      const height = document.documentElement.scrollHeight;
      const fresh = take(page.getElementById("talk"), "prepend");
      const next = page.getElementById("earlier");
      link.parentElement.replaceWith(...(next ? [next] : []));
      scrollBy({ top: document.documentElement.scrollHeight - height, behavior: "instant" });
      fresh.at(-1)?.setAttribute("tabindex", "-1");
      fresh.at(-1)?.focus({ preventScroll: true });
      tell(dataset.earlier);
    } catch { location.assign(link.href); }
  });

  part();
  if (!dataset.news) return;
  if (!location.hash || location.hash === "#latest") bottom();

  // ------------------------------------------------------------------------------------------------ new ones
  const QUICK = 3000, SLOW = 20000, WRONG = 300000; // milliseconds
  let pause = QUICK;
  let failed = 0;
  let timer;
  let ended = false;
  let shown = talk.dataset.newest; // of what came in, how far the reader has been told that they read

  function receive(html) {
    const other = parse(html).getElementById("talk");
    const stay = !atBottom();
    const fresh = take(other, "append");
    if (BigInt(other.dataset.newest) > BigInt(talk.dataset.newest)) talk.dataset.newest = other.dataset.newest;
    talk.dataset.read = other.dataset.read;
    if (form) form.elements.after.value = talk.dataset.newest;
    mark();
    if (fresh.length && !stay) bottom();
    see();
    return fresh;
  }

  // What is in sight has been read.
  function see() {
    if (document.hidden || !atBottom() || shown === talk.dataset.newest) return;
    shown = talk.dataset.newest;
    const body = new URLSearchParams(new FormData(document.getElementById("act")));
    body.set("after", shown);
    fetch(dataset.read, { method: "POST", body }).catch(() => {});
  }
  addEventListener("scroll", see, { passive: true });

  async function ask() {
    if (document.hidden || ended) return;
    try {
      const { newest, read } = talk.dataset;
      const answer = await fetch(`${dataset.news}?after=${newest}&read=${read}`);
      if (answer.redirected || answer.status === 404) { ended = true; return; } // signed out, or blocked
      if (!answer.ok) throw new Error(answer.status);
      failed = 0;
      pause = answer.status === 204 ? Math.min(pause * 1.2, SLOW) : QUICK;
      if (answer.status !== 204 && receive(await answer.text()).some((one) => !one.matches(".mine"))) {
        tell(dataset.heard);
      }
    } catch {
      failed += 1;
      pause = Math.min(QUICK * 2 ** failed, WRONG);
    }
    wait();
  }
  function wait() {
    clearTimeout(timer);
    if (!ended && !document.hidden) timer = setTimeout(ask, pause);
  }
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) return;
    part(); // it may be another day
    see();
    if (failed) wait();
    else ask();
  });
  wait();

  // ------------------------------------------------------------------------------------------------ sending
  if (!form) return;
  const field = form.elements.body;
  let sending = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    form.ariaBusy = "true";
    const typed = field.value;
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
      if (answer.redirected) return location.assign(answer.url); // to sign in
      const html = await answer.text();
      form.querySelector(".note")?.remove();
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
      if (!answer.ok) {
        const note = parse(html).querySelector(".note.wrong");
        const sentence = answer.headers.get("Content-Type")?.startsWith("text/plain") ? html : "";
        if (!note) throw Object.assign(new Error(answer.status), { sentence });
        form.prepend(document.importNode(note, true));
        field.setAttribute("aria-invalid", "true");
        field.setAttribute("aria-describedby", "message_body_error");
        return;
      }
      if (field.value === typed) field.value = "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
      receive(html);
      bottom();
      tell(dataset.sent);
      pause = QUICK;
      wait();
    } catch ({ sentence }) {
      tell("");
      document.dispatchEvent(Object.assign(new Event("refused"), { sentence }));
    } finally {
      sending = false;
      form.ariaBusy = null;
      field.focus();
    }
  });
})();
