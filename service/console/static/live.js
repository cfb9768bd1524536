// Shows whether the page is live, keeps times readable and the newest in sight, and puts the focus back after a change.
(() => {
  const state = document.getElementById("live-state");
  const text = document.getElementById("live-text");
  let changedAt = Date.now();
  let ended = false;

  const words = { on: "Live", off: "", lost: "Connection lost, trying again" };

  function show(name) {
    if (!state || state.dataset.state === name) return;
    state.dataset.state = name;
    text.textContent = words[name];
  }

  const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

  function distance(seconds) {
    for (const [unit, size] of units) {
      if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
    }
    return seconds < 0 ? "just now" : "in a moment";
  }

  function times() {
    const today = new Date().toDateString();
    for (const time of document.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      const now = "ago" in time.dataset ? distance((at - Date.now()) / 1000)
        : at.toDateString() === today ? clock.format(at) : local.format(at);
      if (time.textContent !== now) time.textContent = now;
      time.title = local.format(at);
    }
    if (state && state.dataset.state === "on") {
      state.title = "Last change " + distance((changedAt - Date.now()) / 1000);
    }
  }

  // Who stands at the end of the line, or has just added to it, sees what comes next.
  let following = true;

  function follow() {
    const line = document.getElementById("scroll");
    if (line && following) line.scrollTop = line.scrollHeight;
  }

  document.addEventListener("scroll", ({ target }) => {
    if (target.id === "scroll") following = target.scrollTop + target.clientHeight >= target.scrollHeight - 8;
  }, true);

  // What somebody has begun to write outlives every change of the page, with whom it is for and the key that sends it once:
  // a note must not become a reply when its writer claims the ticket.
  let draft = null;

  function begin(form) {
    const { text, kind, key } = form.elements;
    draft = text.value ? { text: text.value, kind: kind.value, key: draft ? draft.key : key.value } : null;
  }

  document.addEventListener("input", ({ target }) => {
    if (target.form && target.form.id === "composer") begin(target.form);
  });

  function keepDraft() {
    const form = document.getElementById("composer");
    if (!form) return;
    const kinds = [...form.querySelectorAll("input[name=kind]")];
    if (draft) {
      const { text, key } = form.elements;
      if (text.value !== draft.text) text.value = draft.text;
      key.value = draft.key;
      const chosen = kinds.find((kind) => kind.value === draft.kind);
      if (chosen) chosen.checked = true;
    }
    // The choice that was set may have gone with the change: one of them always holds.
    if (!kinds.some((kind) => kind.checked)) kinds[0].checked = true;
  }

  function written() {
    return [...document.querySelectorAll("main textarea")].some((field) => field.value.trim());
  }

  function refresh() {
    document.getElementById("stream")?.dispatchEvent(new Event("changed"));
  }

  function toTheEnd() {
    const line = document.getElementById("scroll");
    if (!line || getComputedStyle(line).overflowY === "visible") return;
    const wanted = location.hash && document.getElementById(location.hash.slice(1));
    if (wanted && line.contains(wanted)) wanted.scrollIntoView({ block: "start" });
    else line.scrollTop = line.scrollHeight;
  }

  // Where the focus was, when what had it goes away with a change.
  document.addEventListener("htmx:after:swap", () => {
    times();
    keepDraft();
    follow();
    if (document.activeElement === document.body || document.activeElement === null) {
      const problem = document.querySelector("[data-problem]");
      const title = document.querySelector("#ticket-title");
      if (!problem && title) title.focus({ preventScroll: true });
    }
  });

  // A form that was accepted is empty again; one that was refused keeps what was written.
  document.addEventListener("htmx:after:request", (event) => {
    const form = event.target;
    const ctx = event.detail.ctx;
    if (ctx.response && ctx.response.status === 401 && ctx.hx.redirect && written()) {
      // The session has ended: the page stays for the sake of what is written on it, and its message line says so.
      delete ctx.hx.redirect;
      ended = true;
    } else if (ended && ctx.response && ctx.response.status < 400) {
      ended = false;
      document.getElementById("problem").replaceChildren();
    }
    if (!(form instanceof HTMLFormElement) || !ctx.response) return;
    const problem = document.getElementById("problem");
    if (problem) problem.replaceChildren();
    if (ctx.response.status < 400 && form.dataset.clear) {
      const field = document.getElementById(form.dataset.clear);
      if (field) field.value = "";
      draft = null;
    }
    if (ctx.response.status < 400 && document.getElementById("ticket")?.contains(form)) {
      following = true;
      follow();
    }
  });

  document.addEventListener("htmx:sse:after:connection", () => {
    show("on");
    // Signed in again elsewhere: the page's forms get the new session's token.
    if (ended) refresh();
  });
  document.addEventListener("htmx:sse:after:message", () => { changedAt = Date.now(); });
  document.addEventListener("htmx:sse:error", (event) => {
    show("lost");
    if (event.detail.status !== 401 || ended) return;
    // The session has ended: the page leads to signing in, and from there back, unless something is written on it.
    if (written()) refresh();
    else location.reload();
  });
  document.addEventListener("htmx:sse:close", () => show("lost"));
  document.addEventListener("htmx:error", (event) => {
    if (event.target.id === "stream") show("lost");
    if (event.target instanceof HTMLFormElement) {
      // An answer that got lost looks the same from here as one that never was.
      const told = "No answer came. It is not known whether this was done; look before you try again.";
      document.getElementById("problem").textContent = told;
    }
  });

  times();
  if (document.getElementById("composer")) begin(document.getElementById("composer"));
  toTheEnd();
  setInterval(times, 20000);
})();
