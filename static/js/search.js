// What is suggested while somebody types into a search box. Without this file the page of results shows the same.
(() => {
  "use strict";
  const live = document.getElementById("live");
  const PAUSE = 150;

  for (const box of document.querySelectorAll(".find input[name='q']")) {
    const form = box.form;
    const list = Object.assign(document.createElement("div"), { className: "menu suggestions", hidden: true });
    form.append(list);
    let pause;
    let asked = "";

    const close = () => { list.hidden = true; asked = ""; };
    async function ask() {
      const text = box.value.trim();
      if (text === asked) return;
      asked = text;
      if (!text) return close();
      try {
        const answer = await fetch(`${form.getAttribute("action")}suggestions/?q=${encodeURIComponent(text)}`);
        if (!answer.ok) return close();
        const html = await answer.text();
        if (box.value.trim() !== text || !form.contains(document.activeElement)) return;
        const were = list.hidden;
        list.innerHTML = html;
        list.hidden = false;
        if (were) live.textContent = live.dataset.suggested;
        live.classList.add("said");
      } catch { close(); }
    }
    box.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(ask, PAUSE); });
    form.addEventListener("keydown", (event) => {
      const links = [box, ...list.querySelectorAll("a")];
      const here = links.indexOf(document.activeElement);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); box.focus(); }
      if (!step || list.hidden || here < 0) return;
      event.preventDefault();
      links[(here + step + links.length) % links.length].focus();
    });
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus until the click
    form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) close(); });
    form.addEventListener("submit", () => clearTimeout(pause));
  }
})();
