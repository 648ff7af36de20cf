// The review of a chapter: which line is current, its panel, keys, and what changed meanwhile.
import { notify } from "./site.js";
import { draw, following, play, player, playing, sounding, stop, toggle, undraw } from "./player.js";

const body = document.body;
const $ = (selector, within = document) => within.querySelector(selector);
let current = null;
let opening = null; // the request for the panel of the current line

const rows = () => [...document.querySelectorAll(".line")];

// Makes a line the current one and opens its panel.
function select(row, { scroll = true, open = true } = {}) {
  if (!row) return Promise.resolve();
  if (current && current !== row) close(current);
  current = row;
  row.classList.add("current");
  row.setAttribute("aria-current", "true");
  $("#now").textContent = $(".printed", row).textContent;
  if (scroll) row.scrollIntoView({ block: "nearest" });
  return open ? panel(row) : Promise.resolve();
}

function close(row) {
  row.classList.remove("current");
  row.removeAttribute("aria-current");
  opening?.abort();
  if ($(".wave", row)) undraw();
  $(".slot", row).replaceChildren();
}

async function panel(row) {
  const slot = $(".slot", row);
  if (!slot.childElementCount) {
    opening?.abort();
    const mine = (opening = new AbortController());
    try {
      const answer = await fetch(row.dataset.url, { headers: { "HX-Request": "true" }, signal: mine.signal });
      if (!answer.ok) throw new Error((await answer.json()).detail);
      slot.innerHTML = await answer.text();
    } catch (error) {
      if (error.name !== "AbortError") notify(body.dataset.failed.replace("{detail}", error.message), true);
      return;
    }
    htmx.process(slot);
  }
  sounding();
  if (row === current) await draw(slot, player.row === row && player.key ? player.key : row.dataset.key);
}

function hear(row, key) {
  play(row, key);
  const slot = $(".slot", row);
  if (slot.childElementCount) draw(slot, key ?? row.dataset.key);
}

function onward(row = current ?? rows()[0]) {
  through(true);
  if (row) hear(row);
}

function through(on) {
  player.through = on;
  $("#through").setAttribute("aria-pressed", String(on));
}

function step(by) {
  const all = rows();
  const at = current ? all.indexOf(current) + by : 0;
  if (all[at]) select(all[at]);
  else if (by > 0) $(".more a")?.click();
}

player.onmove = (row) => select(row);
player.onend = (row) => {
  const more = $(".more a");
  if (!player.through || !row || row !== rows().at(-1) || !more) return;
  document.addEventListener("htmx:after:swap", () => following(row) && (select(following(row)), hear(following(row))), { once: true });
  more.click();
};

// -- clicks ---------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const row = event.target.closest(".line");
  if (event.target.closest("#play")) return void (current ? toggle(current) : (step(1), current && hear(current)));
  if (event.target.closest("#before, #after")) {
    const by = event.target.closest("#after") ? 1 : -1;
    const next = current ? following(current, by) : rows()[0];
    if (next) select(next).then(() => playing() && hear(next));
    return;
  }
  if (event.target.closest("#through")) return through(!player.through);
  if (event.target.closest("#help")) return $("#keys").showModal();
  if (!row) return;
  if (event.target.closest("button.play")) {
    const again = player.row === row && current === row;
    select(row, { scroll: false });
    return again ? toggle(row) : hear(row);
  }
  const take = event.target.closest("button.hear");
  if (take) return hear(row, take.dataset.key);
  if (event.target.closest("button.onward")) return onward(row);
  if (event.target.closest("a.details")) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    return row === current && $(".panel", row) ? close(row) || (current = null) : select(row);
  }
  if (!event.target.closest(".panel, input, a, button") && row !== current) select(row, { scroll: false });
});

document.addEventListener("change", (event) => {
  if (event.target.name === "anchor") count();
});

function count() {
  const n = document.querySelectorAll("input[name=anchor]:checked").length;
  $("#selected").textContent = n ? body.dataset.selected.replace("{n}", n) : "";
}

// -- keys -----------------------------------------------------------------------------------

const submit = async (selector) => {
  const row = current;
  if (!row) return;
  await panel(row);
  $(selector, row)?.requestSubmit();
};

const keys = {
  " ": () => (current ? toggle(current) : (step(1), current && hear(current))),
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  p: () => onward(),
  a: () => submit("form.accept"),
  r: () => submit("form.again"),
  x: async () => {
    if (!current) return;
    await panel(current);
    $("form.bad [name=note]", current)?.focus();
  },
  u: () => player.row === current && $(`.takes li[data-key="${player.key}"] form`, current)?.requestSubmit(),
  s: () => current && $("input[name=anchor]", current).click(),
  e: async () => {
    if (!current) return;
    await panel(current);
    ($("form.text textarea", current) ?? $("form.say [name=said]", current))?.focus();
  },
  "/": () => $("#search").focus(),
  "?": () => $("#keys").showModal(),
};

document.addEventListener("keydown", async (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  const field = event.target.closest("input:not([type=checkbox]), select, textarea");
  if (field) return event.key === "Escape" && field.blur();
  if (event.key === " " && event.target.closest("button, a, summary, input, audio")) return;
  if (event.target.closest("audio")) return;
  if (/^[1-9]$/.test(event.key) && current) {
    event.preventDefault();
    await panel(current);
    const take = current.querySelectorAll("button.hear")[Number(event.key) - 1];
    if (take) hear(current, take.dataset.key);
    return;
  }
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

// -- what the server sends ------------------------------------------------------------------

// A line that was changed comes back with its panel and takes its place as the current one.
document.addEventListener("htmx:after:swap", () => {
  if (current && !current.isConnected) {
    const url = current.dataset.url;
    current = rows().find((row) => row.dataset.url === url) ?? document.getElementById(current.id);
  }
  const open = rows().find((row) => $(".panel", row) && row !== current);
  if (open && !(current && $(".panel", current))) current = open;
  if (current) select(current, { scroll: false, open: Boolean($(".panel", current)) });
  sounding();
  count();
});

let asking = 0; // requests of forms: their answer must find its line where it was
document.addEventListener("htmx:before:request", () => asking++);
document.addEventListener("htmx:finally:request", () => asking--);

let due = 0;
function later() {
  clearTimeout(due);
  due = setTimeout(refresh, 150);
}
body.addEventListener("castbook:lines", later);
let last = 0;
document.addEventListener("castbook:progress", () => {
  if (Date.now() - last < 2500) return;
  last = Date.now();
  refresh();
});

// Lines as they stand now; the current line's panel and what is typed there stay.
async function refresh() {
  const list = $("#lines");
  if (!list) return;
  if (asking) return later();
  const answer = await fetch(list.dataset.url, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (asking || !list.isConnected) return later();
  const now = $("#summary", fresh);
  $("#summary").replaceWith(document.adoptNode(now));
  const there = [...fresh.querySelectorAll(".line")];
  const here = rows().slice(0, there.length);
  const same = there.length <= rows().length && there.every((row, i) => row.dataset.url === here[i].dataset.url);
  if (!same) {
    const url = current?.dataset.url;
    const id = current?.id;
    $(".lines", list).replaceWith(document.adoptNode($(".lines", fresh)));
    htmx.process($(".lines", list));
    current = rows().find((row) => row.dataset.url === url) ?? (id && document.getElementById(id)) ?? null;
    if (current) await select(current, { scroll: false });
    return sounding();
  }
  there.forEach((row, i) => {
    const old = here[i];
    if ($(".head", old).innerHTML === $(".head", row).innerHTML && old.dataset.key === row.dataset.key) return;
    const chosen = $("input[name=anchor]", old).checked;
    $(".head", old).replaceWith(document.adoptNode($(".head", row)));
    $("input[name=anchor]", old).checked = chosen;
    const other = old.dataset.key !== row.dataset.key;
    Object.assign(old.dataset, row.dataset);
    const typing = $(".panel", old)?.contains(document.activeElement);
    if (old === current && other && !typing) {
      $(".slot", old).replaceChildren();
      panel(old);
    }
  });
  sounding();
}

addEventListener("pagehide", stop);
const wanted = location.hash && $(`.line${location.hash}`);
if (wanted) select(wanted);
