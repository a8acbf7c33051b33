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
      // An answer that never comes must not be the last that is asked for.
      const answer = await fetch(location.href, {cache: "no-store", headers: {accept: "text/html"}, signal: AbortSignal.timeout(60000)});
      if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the stream says when the server is gone */ }
    isAsking = false;
    if (isAskedAgain) { isAskedAgain = false; ask(); }
  }

  let stream = null;

  function listen() {
    if (stream && stream.readyState !== EventSource.CLOSED) return;
    const own = stream = new EventSource("/events");
    stream.addEventListener("open", () => { say("live", "good"); });
    stream.addEventListener("change", () => { say("live", "good"); ask(); });
    stream.addEventListener("error", async () => {
      if (own !== stream) return;
      if (own.readyState !== EventSource.CLOSED) { say("connection lost, trying again", "warn"); return; }
      // It was refused, and the browser does not try again by itself.
      const answer = await fetch("/api/v1/session", {cache: "no-store"}).catch(() => null);
      if (answer && answer.status === 401) { say("the server was started anew: open the address that it printed", "warn"); return; }
      say("connection lost, trying again", "warn");
      setTimeout(() => { if (own === stream) listen(); }, 5000);
    });
  }

  // A browser has six connections to a server, and a stream keeps one: a page that nobody sees gives it up. The first
  // news of a stream make the page ask, so one that is seen again shows what happened meanwhile.
  function heed() {
    if (document.visibilityState === "visible") { listen(); return; }
    if (stream) stream.close();
    stream = null;
  }
  document.addEventListener("visibilitychange", heed);
  window.addEventListener("pagehide", () => { if (stream) stream.close(); stream = null; });
  window.addEventListener("pageshow", heed);
  heed();

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

  // A note belongs to a rejection: say so before the server does. A click comes before the browser's own look at the form.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=verdict]");
    const note = button && button.form && button.form.querySelector("textarea[name=note]");
    if (!note) return;
    const isMissing = button.value === "rejected" && note.value.trim() === "";
    note.setCustomValidity(isMissing ? "Say what is wrong with it" : "");
  });

  // A cut that is dropped or chosen is sent as it is; what comes back says where it goes on.
  const drop = document.getElementById("drop");
  if (drop) {
    const zone = drop.querySelector(".zone");
    const input = drop.querySelector("#cut");
    const answer = drop.querySelector("#drop-state");

    const show = (heading, lines, kind) => {
      const notice = document.createElement("div");
      notice.className = "notice " + kind;
      const first = document.createElement("p");
      first.textContent = heading;
      notice.append(first);
      if (lines.length) {
        const list = document.createElement("pre");
        list.tabIndex = 0;
        list.textContent = lines.join("\n");
        notice.append(list);
      }
      answer.replaceChildren(notice);
    };

    async function send(address, body, type) {
      const response = await fetch(address, {
        method: "POST", body, headers: {"content-type": type, "x-interlock-token": drop.dataset.token, accept: "application/json"},
      });
      const result = await response.json();
      if (!response.ok) throw Object.assign(new Error(result.message), {problem: result});
      return result;
    }

    async function start(file) {
      const [kind, ...rest] = drop.elements.purpose.value.split(":");
      const target = rest.join(":");
      show("Sending " + file.name + " …", [], "");
      drop.querySelector("button").disabled = true;
      try {
        const type = "application/octet-stream";
        let started;
        if (kind === "run" || kind === "conform") {
          const place = "/api/v1/programmes/" + encodeURIComponent(target);
          const cut = await send(place + "/cuts?name=" + encodeURIComponent(file.name), file, type);
          const wish = {programme: target, cut: cut.name};
          if (kind === "conform") wish.until = "conform";
          started = await send("/api/v1/runs", JSON.stringify(wish), "application/json");
        } else {
          const query = new URLSearchParams({name: file.name});
          query.set(kind === "folder" ? "media" : "programme", target);
          for (const name of ["rate", "handles", "reference"]) {
            const value = drop.elements[name].value.trim();
            if (value) query.set(name, value);
          }
          started = await send("/api/v1/conforms?" + query.toString().replaceAll("+", "%20"), file, type);
        }
        location.assign("/starts/" + encodeURIComponent(started.start));
      } catch (fault) {
        const problem = fault.problem || {};
        show(problem.message ? "It was not taken: " + problem.message : "It could not be sent: " + fault.message,
          (problem.details || []).concat(problem.remedy ? [problem.remedy] : []), "bad");
        drop.querySelector("button").disabled = false;
      }
    }

    drop.addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.files.length) start(input.files[0]);
    });
    zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
    zone.addEventListener("dragleave", () => { zone.classList.remove("over"); });
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      if (event.dataTransfer.files.length !== 1) { show("One cut at a time.", [], "warn"); return; }
      input.files = event.dataTransfer.files;
      input.focus();
    });
    // A file that misses its place must not replace the page.
    for (const name of ["dragover", "drop"]) {
      document.addEventListener(name, (event) => { if (event.dataTransfer && [...event.dataTransfer.types].includes("Files")) event.preventDefault(); });
    }
  }
})();
