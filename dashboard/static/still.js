// What every page with residents' data does: times that tick, and a note of each print.
"use strict";

window.mimamori = (() => {
  const MINUTE = 60_000;
  // The server's clock minus ours, learned from the page itself and from every beat.
  let offset = Date.parse(document.body.dataset.now) - Date.now() || 0;

  const now = () => Date.now() + offset;

  // The same words as dashboard/words.py.
  function length(milliseconds) {
    const minutes = Math.max(Math.floor(milliseconds / MINUTE), 0);
    if (minutes < 1) return "1分未満";
    if (minutes < 60) return `${minutes}分`;
    if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}時間` + (minutes % 60 ? `${minutes % 60}分` : "");
    const hours = Math.floor(minutes / 60);
    return `${Math.floor(hours / 24)}日` + (hours % 24 ? `${hours % 24}時間` : "");
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function tick() {
    for (const element of document.querySelectorAll("time[data-since]")) {
      const gone = now() - Date.parse(element.dateTime);
      write(element, gone < MINUTE ? "たった今" : `${length(gone)}前から`);
    }
    for (const element of document.querySelectorAll("time[data-due]")) {
      const rest = Date.parse(element.dateTime) - now();
      element.classList.toggle("due-late", rest < 0);
      write(element, `${element.dataset.due}まで(${rest < 0 ? `${length(-rest)}超過` : `あと${length(rest)}`})`);
    }
  }

  function clockWords(milliseconds) {
    return new Intl.DateTimeFormat("ja-JP", {
      timeZone: "Asia/Tokyo", hour: "numeric", minute: "2-digit", second: "2-digit", hour12: false,
    }).format(milliseconds);
  }

  setInterval(tick, 1000);

  // A table of days begins at today, its right end.
  for (const frame of document.querySelectorAll(".table-frame:has(.calendar), .chart-frame")) frame.scrollLeft = frame.scrollWidth;

  // A menu closes when one looks elsewhere.
  const menu = document.getElementById("who");
  document.addEventListener("click", (event) => {
    if (menu?.open && !menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu?.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Printing is an audited act: every sheet says who and when, and the log learns it, too.
  const foot = new CSSStyleSheet();
  document.adoptedStyleSheets.push(foot);
  function signSheets() {
    const words = `取扱注意　印刷: ${document.body.dataset.who}　${document.getElementById("today").textContent} ${clockWords(now())}`;
    const quoted = words.replace(/[\\"]/g, "\\$&").replace(/[\n\r\f]/g, " ");
    foot.replaceSync(`@page { @bottom-left { content: "${quoted}"; font-size: 9pt; } }`);
  }
  window.addEventListener("beforeprint", () => {
    signSheets();
    navigator.sendBeacon("/printed", new URLSearchParams({ what: document.body.dataset.path ?? location.pathname }));
  });

  return { now, tick, write, clockWords, learn: (server) => { offset = server - Date.now(); } };
})();
