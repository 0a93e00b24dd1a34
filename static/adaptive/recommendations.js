/* Reviewing picks by keyboard: j k a s p n u. The keys press the buttons that are there; without this file they are forms. */
(() => {
  "use strict";
  const list = document.getElementById("picks");
  if (!list) return;
  const DECISIONS = { a: "approve", s: "swap", p: "pin", n: "never" };
  const KEPT = "adaptive.picks.keys";
  const keysOn = document.getElementById("keys-on");
  const decided = [];
  const live = (text) => { document.getElementById("live").textContent = text; };
  const rows = () => [...list.querySelectorAll("[data-pick]")];
  const isOpen = (row) => !("decided" in row.dataset) && !("sent" in row.dataset);
  const current = () => rows().find((row) => row.classList.contains("is-current")) ?? document.activeElement?.closest("[data-pick]");

  try { keysOn.checked = localStorage.getItem(KEPT) !== "off"; } catch { /* not kept, then */ }
  keysOn.addEventListener("change", () => {
    try { localStorage.setItem(KEPT, keysOn.checked ? "on" : "off"); } catch { /* not kept, then */ }
  });

  function stand(row) {
    rows().forEach((one) => one.classList.toggle("is-current", one === row));
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
  function step(by) {
    const all = rows();
    const place = all.indexOf(current());
    const next = all[place < 0 ? 0 : place + by];
    if (next) stand(next);
  }
  function decide(row, decision) {
    if (!isOpen(row)) return;
    const button = row.querySelector(`button[value="${decision}"]`);
    if (!button) { live(list.dataset.nothing); return; }
    button.click();
    const all = rows();
    const next = all.slice(all.indexOf(row) + 1).find(isOpen) ?? all.find(isOpen);
    if (next) stand(next);
  }
  function undo() {
    while (decided.length) {
      const button = document.getElementById(decided.pop())?.querySelector("[data-undo]");
      if (button) { button.click(); return; }
    }
    document.querySelector("#last-decision [data-undo]")?.click();
  }

  document.addEventListener("keydown", (event) => {
    if (!keysOn.checked || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("textarea, select, dialog[open], [contenteditable], input:not([type='checkbox'])")) return;
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") { event.preventDefault(); step(key === "j" ? 1 : -1); return; }
    if (key === "u") { event.preventDefault(); undo(); return; }
    if (!(key in DECISIONS) || event.repeat) return;
    event.preventDefault();
    const row = current();
    if (row) decide(row, DECISIONS[key]); else step(1);
  });
  list.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-pick]");
    rows().forEach((one) => one.classList.toggle("is-current", one === row));
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = event.target.closest?.("[data-pick]");
    if (!row) return;
    row.dataset.sent = "1";
    if (!("decided" in row.dataset)) { const at = decided.indexOf(row.id); if (at >= 0) decided.splice(at, 1); decided.push(row.id); }
  });
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => { const row = event.target.closest?.("[data-pick]"); if (row) delete row.dataset.sent; });
  }
  /* Who decided with the mouse, or undid, is left standing at a row, not at nothing. */
  document.addEventListener("htmx:afterSwap", (event) => {
    const row = document.getElementById(event.detail.target?.id);
    if (!row?.matches("[data-pick]")) return;
    const isLost = document.activeElement === document.body || !document.activeElement;
    if (!("decided" in row.dataset)) { stand(row); return; }
    if (!isLost) return;
    const all = rows();
    const next = all.slice(all.indexOf(row) + 1).find(isOpen) ?? all.find(isOpen) ?? row;
    stand(next);
    if (next === row) live(`${row.querySelector("p").textContent.trim()} ${list.dataset.end}`);
  });
})();
