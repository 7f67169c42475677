// Names and hashtags while one types: "@ad" suggests people, "#dj" tags, in every box that holds a text for others.
// ARIA: a text box with a list (WAI-ARIA 1.2, aria-activedescendant); <textarea> may not be called a combobox.
(() => {
  "use strict";
  const WAIT = 150; // ms without a key until the server is asked
  const GAP = 4; // px between the line and the list
  const EDGE = 8; // px from the window's edge
  const BOXES = "form.write textarea, textarea[data-suggest]";
  // What may stand before: as in blog/text.py, where writing puts no spaces between words "谢谢@mei" is a mention.
  const TOKEN = new RegExp(
    "(?<=^|[^\\p{L}\\p{M}\\p{N}_/@＠#＃&]|[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}"
    + "\\p{sc=Khmer}\\p{sc=Myanmar}])(?:[@＠][\\p{L}\\p{M}\\p{N}_.-]{1,64}|[#＃][\\p{L}\\p{M}\\p{N}_\\u200c\\u200d]{1,64})$",
    "u",
  );
  const COPIED = ["font", "letterSpacing", "lineHeight", "textIndent", "textTransform", "tabSize", "wordBreak",
    "overflowWrap", "textAlign", "direction", "unicodeBidi", "paddingTop", "paddingRight", "paddingBottom",
    "paddingLeft", "borderTopWidth", "borderRightWidth", "borderBottomWidth", "borderLeftWidth"];
  const box = Object.assign(document.createElement("div"), { id: "suggest", popover: "manual" });
  const live = document.getElementById("live");
  const known = new Map(); // what was typed → the list for it
  let area = null; // the box one types in, while the list is open
  let typed = ""; // what the list is for
  let barren = ""; // nothing begins so, and nothing longer does
  let dismissed = -1; // where what one wants no suggestions for begins
  let quietUntil = 0; // the server asked for a pause
  let options = [];
  let active = 0;
  let timer;

  // What stands before the caret in `from`, if it is the beginning of a mention or of a tag.
  function token(from) {
    if (from.selectionStart !== from.selectionEnd) return "";
    return from.value.slice(0, from.selectionStart).match(TOKEN)?.[0] ?? "";
  }

  function look(from) {
    clearTimeout(timer);
    const begun = token(from);
    if (!begun) dismissed = -1;
    const start = from.selectionStart - begun.length;
    if (!begun || start === dismissed || (barren && begun.startsWith(barren)) || Date.now() < quietUntil) return close();
    timer = setTimeout(show, known.has(begun) ? 0 : WAIT, from, begun);
  }

  async function ask(begun) {
    if (known.has(begun)) return known.get(begun);
    const answer = await fetch(`/suggest/?q=${encodeURIComponent(begun)}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected) {
      quietUntil = Date.now() + 1000 * (Number(answer.headers.get("Retry-After")) || 60);
      return null;
    }
    const list = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[role='listbox']");
    known.set(begun, list);
    return list;
  }

  async function show(from, begun) {
    let list = null;
    try {
      list = await ask(begun);
    } catch { /* no connection: one types on */ }
    if (token(from) !== begun || document.activeElement !== from) return;
    if (known.has(begun) && !list) barren = begun;
    if (!list) return close();
    area = from;
    typed = begun;
    (area.closest("dialog, main") ?? document.body).append(box);
    box.replaceChildren(list);
    options = [...list.children];
    box.showPopover();
    area.setAttribute("aria-controls", list.id);
    mark(0);
    place();
    live.classList.add("said");
    live.textContent = list.dataset.said;
  }

  function close() {
    clearTimeout(timer);
    if (!area) return;
    area.removeAttribute("aria-activedescendant");
    area.removeAttribute("aria-controls");
    area = null;
    options = [];
    box.hidePopover();
  }

  function mark(index) {
    active = (index + options.length) % options.length;
    for (const option of options) option.ariaSelected = String(option === options[active]);
    options[active].scrollIntoView({ block: "nearest" });
    area.setAttribute("aria-activedescendant", options[active].id);
  }

  function pick(option) {
    const from = area;
    const end = from.selectionStart;
    const text = option.dataset.text + (/^\s/.test(from.value.slice(end)) ? "" : " ");
    from.focus();
    from.setSelectionRange(end - typed.length, end);
    close();
    // As if it was typed, so that it can be undone.
    if (document.execCommand("insertText", false, text)) return;
    from.setRangeText(text, from.selectionStart, end, "end");
    from.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  // Where on the screen what was typed begins: where it does in a copy of the box.
  function caret() {
    const at = area.getBoundingClientRect();
    const style = getComputedStyle(area);
    const copy = document.createElement("div");
    for (const property of COPIED) copy.style[property] = style[property];
    Object.assign(copy.style, {
      position: "fixed", visibility: "hidden", boxSizing: "border-box", whiteSpace: "pre-wrap", borderStyle: "solid",
      top: `${at.top - area.scrollTop}px`, left: `${at.left}px`, width: `${at.width}px`,
    });
    const start = area.selectionStart - typed.length;
    const span = Object.assign(document.createElement("span"), { textContent: typed });
    copy.append(area.value.slice(0, start), span, area.value.slice(area.selectionStart));
    box.parentElement.append(copy);
    const [line] = span.getClientRects();
    copy.remove();
    return line;
  }

  function place() {
    const at = caret();
    const { offsetWidth: width, offsetHeight: height } = box;
    const below = at.bottom + GAP;
    const above = at.top - GAP - height;
    const bottom = (visualViewport?.height ?? innerHeight) - EDGE; // above the keyboard on the screen
    const top = below + height > bottom && above > EDGE ? above : below;
    const left = document.dir === "rtl" ? at.right - width : at.left;
    box.style.top = `${top}px`;
    box.style.left = `${Math.max(EDGE, Math.min(left, document.documentElement.clientWidth - width - EDGE))}px`;
  }

  document.addEventListener("focusin", (event) => {
    if (!event.target.matches?.(BOXES)) return;
    event.target.setAttribute("aria-autocomplete", "list");
    event.target.setAttribute("aria-haspopup", "listbox");
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches?.(BOXES) && !event.isComposing) look(event.target);
  });
  document.addEventListener("compositionend", (event) => { if (event.target.matches?.(BOXES)) look(event.target); });
  document.addEventListener("selectionchange", () => { if (area && token(area) !== typed) look(area); });
  document.addEventListener("focusout", (event) => { if (event.target === area) close(); });

  const keys = {
    ArrowDown: () => mark(active + 1),
    ArrowUp: () => mark(active - 1),
    Enter: () => pick(options[active]),
    Tab: () => pick(options[active]),
    Escape: () => {
      dismissed = area.selectionStart - typed.length;
      close();
    },
  };
  document.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey && !event.isComposing;
    if (!area || event.target !== area || !plain || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  }, true);

  box.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays where one types
  box.addEventListener("click", (event) => {
    const option = event.target.closest("[role='option']");
    if (option && area) pick(option);
  });
  addEventListener("scroll", (event) => { if (area && !box.contains(event.target)) place(); }, { passive: true, capture: true });
  addEventListener("resize", () => { if (area) place(); });
})();
