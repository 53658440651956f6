// The living board: says how old it is, says so loudly when it is dead, and keeps the focus where it was.
"use strict";

(() => {
  const { now, tick, write, clockWords, learn } = window.mimamori;
  const STALE = Number(document.body.dataset.staleAfter) * 1000;
  const LOST = 3_000; // a broken line is told sooner than a silent one
  const HELPLESS = 2 * STALE;

  const board = document.getElementById("board");
  const stale = document.getElementById("stale");
  const blind = document.getElementById("blind");

  let heard = { wall: Date.now(), ticks: performance.now(), server: Date.parse(document.body.dataset.now) };
  let lostAt = null; // when the line broke, or null
  let connection = null;
  let asking = false; // whether a first attempt to open the line is under way
  let reloading = false;

  // The greater of two clocks: one of them stands still while a laptop sleeps, the other jumps.
  const silence = () => Math.max(Date.now() - heard.wall, performance.now() - heard.ticks);

  function hear(server) {
    heard = { wall: Date.now(), ticks: performance.now(), server };
    lostAt = null;
  }

  function show() {
    const gone = silence();
    const seconds = Math.floor(gone / 1000);
    write(document.getElementById("age-clock"), clockWords(heard.server));
    write(document.getElementById("age-gone"), seconds < 1 ? "今" : `${seconds}秒前`);
    const dead = gone > STALE || (lostAt !== null && performance.now() - lostAt > LOST);
    document.body.classList.toggle("is-stale", dead);
    document.body.classList.toggle("is-fresh", !dead);
    if (dead) write(document.getElementById("stale-since"), `最後の更新は ${clockWords(heard.server)} です。`);
    if (stale.hidden === dead) stale.hidden = !dead;
    return gone;
  }

  // The line broke; a page that may not look any more goes to the login page, which says what to do.
  function lost(status) {
    lostAt ??= performance.now();
    if (status === 401 || status === 403) location.reload();
  }

  async function rescue(gone) {
    // The extension keeps alive what it has once opened. That the first attempt failed it lets be.
    if (!connection && !asking) window.htmx?.process(board);
    // The line looks open but says nothing: cut it, so that it is opened anew.
    if (gone > STALE && connection?.reader) connection.reader.cancel().catch(() => {});
    // Nothing helped, and the server answers: begin again from a fresh page.
    if (gone > HELPLESS && !reloading) {
      reloading = true;
      const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(4000) }).catch(() => null);
      if (answer) location.reload();
      else setTimeout(() => { reloading = false; }, 5000);
    }
  }

  setInterval(() => rescue(show()), 1000);

  board.addEventListener("beat", (event) => {
    const told = JSON.parse(event.detail.data);
    const server = Date.parse(told.now);
    learn(server);
    hear(server);
    write(document.getElementById("today"), told.day);
    write(document.getElementById("blind-words"), told.blind ?? "");
    blind.hidden = !told.blind;
    document.body.classList.toggle("is-blind", Boolean(told.blind));
    show();
  });

  // Logged out, or no longer allowed: the login page says what to do.
  board.addEventListener("bye", () => location.reload());

  board.addEventListener("htmx:before:request", (event) => { if (event.target === board) asking = true; });
  board.addEventListener("htmx:finally:request", (event) => { if (event.target === board) asking = false; });
  board.addEventListener("htmx:before:response", (event) => {
    const { status, headers } = event.detail.ctx.response;
    if (event.target !== board || headers.get("Content-Type")?.includes("text/event-stream")) return;
    event.preventDefault(); // an error's page is no board
    lost(status);
  });
  document.addEventListener("htmx:sse:after:connection", (event) => { connection = event.detail.connection; });
  document.addEventListener("htmx:sse:before:connection", (event) => {
    if (event.detail.connection.attempt > 0) lost();
  });
  document.addEventListener("htmx:sse:error", (event) => lost(event.detail.status));
  document.addEventListener("htmx:sse:close", () => {
    connection = null;
    lost();
  });
  document.addEventListener("htmx:error", () => lost());

  // ---- focus -------------------------------------------------------------------------------------------
  // A morph keeps elements, but what was removed or moved loses the focus: give it back, or stay in the row.

  let place = null;
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.(".case");
    place = board.contains(event.target) ? { id: event.target.id, row: row?.id, heading: row?.closest("section")?.querySelector("h2")?.id } : null;
  });
  board.addEventListener("focusout", (event) => {
    // Focus that a person moved away is not ours to bring back; focus that vanished leaves no relatedTarget.
    if (event.relatedTarget && !board.contains(event.relatedTarget)) place = null;
  });

  function keepFocus() {
    if (!place || document.activeElement !== document.body) return;
    const heading = place.heading && document.getElementById(place.heading);
    const target = (place.id && document.getElementById(place.id)) ||
      (place.row && document.getElementById(place.row)?.querySelector("a")) || heading;
    if (!target) return;
    if (target === heading) target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }

  document.addEventListener("htmx:after:swap", () => {
    tick();
    const words = document.getElementById("summary")?.dataset.title;
    if (words) document.title = words;
    keepFocus();
  });

  // ---- what a press of a button came to ------------------------------------------------------------------

  const notice = document.getElementById("notice");
  let fading;
  new MutationObserver(() => {
    clearTimeout(fading);
    if (notice.textContent) fading = setTimeout(() => { notice.textContent = ""; }, 8000);
  }).observe(notice, { childList: true });

  show();
})();
