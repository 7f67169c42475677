// The small profile beside a name: after a pause on it, by pointer or by keyboard. WCAG 2.2, 1.4.13: one can point at
// it, it goes with Escape, and it stays as long as the pointer or the focus does. A finger just follows the link.
(() => {
  "use strict";
  const PAUSE = 500; // ms on a name until its profile opens
  const LEAVE = 300; // ms to reach it with the pointer
  const GAP = 6; // px between the two
  const EDGE = 8; // px from the window's edge
  const PERSON = /^\/@[^/]+\/$/;
  const card = Object.assign(document.createElement("div"), { id: "card", popover: "manual" });
  (document.querySelector("main") ?? document.body).append(card);
  const known = new Map(); // address → promise of the profile, or of nothing
  let wanted = null; // the name that the reader is at
  let name = null; // the name whose profile is open
  let opening;
  let closing = null;

  function nameAt(target) {
    const link = target.closest?.("main a[href], .side a[href]");
    const is = link && link.origin === location.origin && PERSON.test(link.pathname);
    return is && !link.closest("dialog, [popover], .button") ? link : null;
  }

  function profile(address) {
    if (!known.has(address)) known.set(address, ask(address));
    return known.get(address);
  }

  async function ask(address) {
    try {
      const answer = await fetch(`${address}card/`, { headers: { "HX-Request": "true" } });
      if (!answer.ok) return null; // nobody, or nobody for this reader
      return new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
    } catch {
      known.delete(address);
      return null;
    }
  }

  async function open(link) {
    const inside = await profile(link.pathname);
    if (!inside || wanted !== link || !link.isConnected) return;
    name?.removeAttribute("aria-details");
    name = link;
    name.setAttribute("aria-details", card.id);
    card.replaceChildren(inside);
    if (!card.matches(":popover-open")) card.showPopover();
    place();
  }

  function close() {
    name?.removeAttribute("aria-details");
    name = null;
    if (card.matches(":popover-open")) card.hidePopover();
  }

  function place() {
    const at = [...(name?.getClientRects() ?? [])].find((line) => line.width);
    if (!at || at.bottom < 0 || at.top > innerHeight) return close();
    const { offsetWidth: width, offsetHeight: height } = card;
    const room = document.documentElement.clientWidth;
    const below = at.bottom + GAP;
    const above = at.top - GAP - height;
    const top = below + height + EDGE <= innerHeight || above < EDGE ? Math.min(below, innerHeight - height - EDGE) : above;
    const left = document.dir === "rtl" ? at.right - width : at.left;
    card.style.top = `${Math.max(EDGE, top)}px`;
    card.style.left = `${Math.max(EDGE, Math.min(left, room - width - EDGE))}px`;
  }

  function meet(link) {
    if (link === wanted) return;
    part();
    wanted = link;
    opening = setTimeout(open, PAUSE, link);
  }

  function part() {
    wanted = null;
    clearTimeout(opening);
    closing ||= name && setTimeout(() => {
      closing = null;
      if (!isHeld()) close();
    }, LEAVE);
  }

  // Pointed at, or with the focus of a keyboard in it or on its name.
  const isHeld = () => [name, card].some((one) => one?.matches(":hover, :focus-within:not(a), a:focus-visible"));

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const link = nameAt(event.target);
    if (link) meet(link);
    else if (!card.contains(event.target)) part();
  });
  document.documentElement.addEventListener("pointerleave", part);
  document.addEventListener("focusin", (event) => {
    const link = nameAt(event.target);
    if (link?.matches(":focus-visible")) meet(link);
    else if (!card.contains(event.target)) part();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") escape(event);
    if (event.key === "Tab" && name && !event.ctrlKey && !event.altKey && !event.metaKey) tab(event);
  }, true);

  function escape(event) {
    clearTimeout(opening);
    if (!name) return;
    event.preventDefault();
    event.stopPropagation();
    const back = card.contains(document.activeElement) ? name : null;
    wanted = name; // or it would open again at once
    close();
    back?.focus();
  }

  // The profile stands in the order of the keyboard right after its name, wherever it is in the document.
  function tab(event) {
    const stops = [...card.querySelectorAll("a[href], button")];
    const here = document.activeElement;
    if (here === name && !event.shiftKey && stops.length) {
      event.preventDefault();
      stops[0].focus();
    } else if (card.contains(here) && here === (event.shiftKey ? stops[0] : stops.at(-1))) {
      const from = name;
      wanted = name;
      if (event.shiftKey) event.preventDefault();
      else close();
      from.focus(); // and on to what is next, if it is not the way back
    }
  }

  document.addEventListener("click", (event) => {
    if (nameAt(event.target)) {
      wanted = nameAt(event.target);
      clearTimeout(opening);
      close();
    }
    // A button elsewhere may change what a profile says.
    if (event.target.closest?.(".follow") && !card.contains(event.target)) known.clear();
  });
  addEventListener("scroll", () => { if (name) place(); }, { passive: true, capture: true });
  addEventListener("resize", () => { if (name) place(); });
})();
