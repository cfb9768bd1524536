// Single-key shortcuts: every key names an element by its data-key. They can be switched off, and never act while somebody types.
(() => {
  const ALLOWED = "deskrail.keys";
  const dialog = document.getElementById("keys");
  const box = document.getElementById("keys-on");
  const opener = document.getElementById("show-keys");
  const places = { q: "/console", t: "/console/tickets", o: "/ops" };
  let going = 0;

  const allowed = () => localStorage.getItem(ALLOWED) !== "off";

  function reflect() {
    document.documentElement.dataset.keys = allowed() ? "on" : "off";
    box.checked = allowed();
  }

  function typing(element) {
    return element instanceof HTMLElement
      && element.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=submit])");
  }

  function visible(selector) {
    return [...document.querySelectorAll(selector)].filter((one) => one.getClientRects().length && !one.disabled);
  }

  function move(step) {
    const rows = visible("[data-row]");
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    const current = at >= 0 ? at : rows.findIndex((one) => one.getAttribute("aria-current"));
    const next = current < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, current + step));
    rows[next].focus();
    rows[next].scrollIntoView({ block: "nearest" });
  }

  function drafting() {
    const field = document.getElementById("text");
    return field !== null && field.value.trim() !== "";
  }

  function use(element) {
    if (element.type === "radio") {
      element.click();
      document.getElementById("text").focus();
    } else if (element.matches("input")) {
      element.focus();
      element.select();
    } else if ("focus" in element.dataset || ("leaves" in element.dataset && drafting())) {
      // Money moves, and an unsent answer is left behind, by a second, deliberate press.
      const target = document.getElementById(element.dataset.focus) || element;
      target.focus();
      target.scrollIntoView({ block: "center" });
    } else {
      element.click();
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && typing(document.activeElement)) {
      document.activeElement.blur();
      return;
    }
    if (event.ctrlKey && event.key === "Enter" && document.activeElement && document.activeElement.form) {
      const [first, next] = document.activeElement.form.querySelectorAll("button[type=submit]");
      // A form whose first button is dead is sent by the press of another alone, which says what is meant.
      if (!first || !first.disabled) document.activeElement.form.requestSubmit();
      else if (next) next.focus();
      return;
    }
    if (!allowed() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target) || dialog.open) return;
    if (going && Date.now() - going < 1500 && places[event.key]) {
      location.assign(places[event.key]);
      return;
    }
    going = event.key === "g" ? Date.now() : 0;
    if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      move(event.key === "j" ? 1 : -1);
      return;
    }
    const [target] = visible(`[data-key="${CSS.escape(event.key)}"]`);
    if (target) {
      event.preventDefault();
      use(target);
    }
  });

  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(ALLOWED);
    else localStorage.setItem(ALLOWED, "off");
    reflect();
  });
  reflect();
})();
