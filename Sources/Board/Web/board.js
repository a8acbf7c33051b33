"use strict";
// News of the server make the page ask for itself again; what is marked as live is put in place of what is there.
// Without this script the page is whole, and reloading it shows what is new.
(() => {
  const state = document.getElementById("live-state");
  let isAsking = false;
  let isAskedAgain = false;
  let last = 0;

  const say = (text, kind) => {
    if (!state || state.textContent === text) return;
    state.textContent = text;
    state.className = kind;
  };

  function put(page) {
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = page.getElementById(part.id);
      if (!next || next.outerHTML === part.outerHTML) continue;
      if (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) continue;
      const focused = part.contains(document.activeElement) ? document.activeElement.id || document.activeElement.getAttribute("href") : null;
      part.replaceWith(document.importNode(next, true));
      if (focused) {
        const place = document.getElementById(part.id);
        const again = document.getElementById(focused) || [...place.querySelectorAll("a[href]")].find((a) => a.getAttribute("href") === focused);
        if (again) again.focus({preventScroll: true});
      }
    }
  }

  async function ask() {
    if (isAsking) { isAskedAgain = true; return; }
    isAsking = true;
    try {
      const pause = 900 - (performance.now() - last);
      if (pause > 0) await new Promise((done) => setTimeout(done, pause));
      last = performance.now();
      const answer = await fetch(location.href, {cache: "no-store", headers: {accept: "text/html"}});
      if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the stream says when the server is gone */ }
    isAsking = false;
    if (isAskedAgain) { isAskedAgain = false; ask(); }
  }

  const stream = new EventSource("/events");
  stream.addEventListener("open", () => { say("live", "good"); });
  stream.addEventListener("change", () => { say("live", "good"); ask(); });
  stream.addEventListener("error", () => { say("connection lost, trying again", "warn"); });

  // Shot markers move the picture instead of opening the file.
  document.addEventListener("click", (event) => {
    const marker = event.target.closest("a[data-seconds]");
    const movie = document.querySelector("video");
    if (!marker || !movie || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    movie.currentTime = Number(marker.dataset.seconds);
    movie.scrollIntoView({block: "nearest"});
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });

  // A movie that is about one frame opens at it.
  for (const movie of document.querySelectorAll("video[data-start]")) {
    movie.addEventListener("loadedmetadata", () => { movie.currentTime = Number(movie.dataset.start); }, {once: true});
  }

  // A note belongs to a rejection: say so before the server does.
  document.addEventListener("submit", (event) => {
    const note = event.target.querySelector("textarea[name=note]");
    if (!note || !event.submitter) return;
    const isMissing = event.submitter.value === "rejected" && note.value.trim() === "";
    note.setCustomValidity(isMissing ? "Say what is wrong with it" : "");
    if (isMissing) { event.preventDefault(); note.reportValidity(); }
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("textarea[name=note]")) event.target.setCustomValidity("");
  });
})();
