/* What a page can do beyond plain forms. Everything works without this file; nothing here is needed to hand in an answer. */
(() => {
  "use strict";
  const live = (text) => { document.getElementById("live").textContent = text; };
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  /* Ordering: arrows that move an item, and selects that do too. The selects are what is sent. */
  function order(list) {
    if (list.dataset.ready) return;
    list.dataset.ready = "1";
    const items = () => [...list.children];
    const number = () => items().forEach((item, i) => {
      item.querySelector("select").value = String(i + 1);
      const [up, down] = item.querySelectorAll(".order-move");
      up.disabled = i === 0;
      down.disabled = i === list.children.length - 1;
    });
    const tell = (item) => {
      const place = items().indexOf(item) + 1;
      live(list.dataset.moved.replace("{item}", item.querySelector(".order-text").dataset.item)
        .replace("{place}", place).replace("{total}", list.children.length));
      items().forEach((one) => one.classList.toggle("is-moved", one === item));
    };
    for (const item of items()) {
      for (const [step, label, drawn] of [[-1, list.dataset.up, "M6 14.5L12 8.5l6 6"], [1, list.dataset.down, "M6 9.5l6 6 6-6"]]) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "quiet order-move";
        button.setAttribute("aria-label", `${label}: ${item.querySelector(".order-text").dataset.item}`);
        const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        for (const [name, value] of Object.entries({ class: "icon", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "2", "aria-hidden": "true" })) svg.setAttribute(name, value);
        const path = document.createElementNS(svg.namespaceURI, "path");
        path.setAttribute("d", drawn);
        svg.append(path);
        button.append(svg);
        button.addEventListener("click", () => {
          const other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
          if (!other) return;
          if (step < 0) other.before(item); else other.after(item);
          number();
          tell(item);
          if (button.disabled) item.querySelector(".order-move:not([disabled])")?.focus();
          else button.focus();
        });
        item.append(button);
      }
      item.querySelector("select").addEventListener("change", (event) => {
        const place = Number(event.target.value) - 1;
        item.remove();
        list.insertBefore(item, list.children[place] ?? null);
        number();
        tell(item);
        event.target.focus();
      });
    }
    number();
  }

  function count(out) {
    const input = document.getElementById(out.dataset.count);
    if (!input || out.dataset.ready) return;
    out.dataset.ready = "1";
    const most = out.textContent;
    const say = () => {
      const n = (input.value.match(/\S+/g) ?? []).length;
      out.textContent = `${n === 1 ? out.dataset.one : out.dataset.many.replace("{n}", n)} · ${most}`;
    };
    input.addEventListener("input", say);
    say();
  }

  function enhance(root) {
    root.querySelectorAll("[data-order]").forEach(order);
    root.querySelectorAll("[data-count]").forEach(count);
    if (!still.matches) root.querySelectorAll("animate").forEach((one) => one.beginElement?.());
  }

  /* A plain form is sent once, too: the key in it makes a second one harmless, this makes it invisible. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  });

  /* The drawer: a link to a page of its own without this. */
  document.addEventListener("click", async (event) => {
    const drawer = document.getElementById("drawer");
    if (event.target === drawer) { drawer.close(); return; }
    const link = event.target.closest("a[data-drawer]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.href, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
      if (!answer.ok || answer.redirected || answer.headers.has("HX-Redirect")) throw new Error("not here");
      drawer.innerHTML = await answer.text();
      drawer.showModal();
      drawer.querySelector(".why-title")?.focus();
      drawer.addEventListener("close", () => link.focus(), { once: true });
    } catch {
      location.href = link.href;
    }
  });
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  const notice = (id, shown) => { const found = document.getElementById(id); if (found) found.hidden = !shown; };
  addEventListener("offline", () => notice("offline", true));
  addEventListener("online", () => notice("offline", false));
  document.addEventListener("htmx:afterSwap", (event) => {
    enhance(document);
    const target = document.querySelector("#practice [data-focus], #plan [data-focus], #tutor [data-focus], .review-card [data-focus]");
    if (target && event.target.id !== "live") { target.focus({ preventScroll: event.target.id === "hints" }); target.removeAttribute("data-focus"); }
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.requestConfig?.verb === "post") { notice("offline", false); notice("stale", false); }
  });
  /* Looking at an answer that is being read goes on by itself; only what somebody sent is worth a notice. */
  const failed = (id) => (event) => {
    if (event.detail.requestConfig?.verb !== "post") return;
    notice(id, true);
    document.getElementById(id)?.scrollIntoView({ block: "center" });
  };
  document.addEventListener("htmx:sendError", failed("offline"));
  document.addEventListener("htmx:timeout", failed("offline"));
  document.addEventListener("htmx:responseError", failed("stale"));

  enhance(document);
  document.querySelector("#form-error[data-focus]")?.focus();
})();
