// Keys, buttons and filters; then the page begins.

const notice = document.getElementById("notice");
const finding = document.getElementById("finding");
const search = document.getElementById("search");
let hiding = 0;

function notify(text) {
  notice.textContent = text;
  notice.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { notice.hidden = true; }, 9000);
}

function count() {
  const tell = (doubt) => {
    const asked = units.filter((unit) => unit.doubt === doubt && unit.anchor);
    return [asked.filter((unit) => decisions.has(unit.id)).length, asked.length];
  };
  const [done, all] = tell(DOUBTFUL), [seen, second] = tell(SECOND);
  document.querySelector('[data-view="doubtful"] span').textContent = all - done;
  document.querySelector('[data-view="second"] span').textContent = second - seen;
  const bar = document.querySelector(".progress");
  bar.setAttribute("aria-valuemax", all);
  bar.setAttribute("aria-valuenow", done);
  bar.firstElementChild.style.width = (all ? 100 * done / all : 100) + "%";
  document.getElementById("left").textContent = all ? `${done} of ${all} decided` : "no doubtful lines";
  document.getElementById("undo").disabled = !undone.length;
}

function takeBack() {
  const unit = undo();
  if (!unit) return;
  paintUnit(unit, main);
  count();
  const index = order.findIndex((entry) => entry.unit === unit);
  if (index >= 0) go(index);
}

function save() {
  const text = castingFile(decisions);
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "application/yaml" })), download: "casting.yaml" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  unsaved = false;
  notify(`casting.yaml is saved with ${decisions.size} of your decisions. Put it into the project's folder, in the place of the old one; castbook plan then asks about them no more.`);
}

function choose(name) {
  view = name;
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", button.dataset.view === name);
  show();
}

const COMMANDS = {
  1: () => guess(0), 2: () => guess(1), 3: () => guess(2),
  n: narrator,
  c: pickCharacter, s: pickStyle, u: takeBack, Enter: accept,
  j: () => order.length && go(at + 1), ArrowDown: () => order.length && go(at + 1),
  k: () => order.length && go(at - 1), ArrowUp: () => order.length && go(at - 1),
  "/": () => { finding.open = true; search.focus(); },
  "?": () => document.getElementById("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const target = event.target;
  // a field of a dialog that has just closed may hold the focus for a moment longer
  if (target.closest("input, select, textarea") && !target.closest("dialog")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  // a focused button is pressed by Enter, and by nothing else of ours
  if (event.key === "Enter" && target.closest("button, summary, a")) return;
  const action = COMMANDS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// What was pressed with a mouse does not keep the focus: the next key is meant for the line.
let mouse = false;
document.addEventListener("pointerdown", () => { mouse = true; }, { capture: true });
document.addEventListener("keydown", () => { mouse = false; }, { capture: true });
for (const kind of ["click", "change"]) {
  document.addEventListener(kind, (event) => { if (mouse) event.target.closest("button, select")?.blur(); });
}
notice.addEventListener("click", () => { notice.hidden = true; });

main.addEventListener("click", (event) => {
  const id = Number(event.target.closest("[data-unit]")?.dataset.unit ?? -1);
  if (id < 0 || window.getSelection()?.toString()) return;
  const card = cards[event.target.closest(".card").dataset.card];
  let index = order.findIndex((entry) => entry.unit.id === id && entry.card === card);
  if (index < 0) { // narration, or a line of the context: asked about because it was clicked
    index = order.findIndex((entry) => entry.unit.segments[0] > units[id].segments[0]);
    index = index < 0 ? order.length : index;
    order.splice(index, 0, { unit: units[id], card });
    at = index;
  }
  go(index);
});

function option(select, value, text) {
  select.append(make("option", { value, textContent: text }));
}

function refilter() {
  filter.text = search.value.trim().toLowerCase();
  filter.chapter = Number(document.getElementById("chapter").value);
  filter.character = Number(document.getElementById("character").value);
  filter.rule = document.getElementById("rule").value;
  document.getElementById("filtered").textContent = filtering() ? " (filtered)" : "";
  show();
}

function begin() {
  const chapter = document.getElementById("chapter"), character = document.getElementById("character"), rule = document.getElementById("rule");
  option(chapter, -1, "all");
  chapters.forEach(({ number, title }, i) => option(chapter, i, `${number} ${title}`));
  option(character, -1, "all");
  book.cast.forEach((who, i) => option(character, i, who.name));
  option(rule, "", "all");
  for (const name of [...book.rules].sort()) option(rule, name, name);
  for (const select of [chapter, character, rule]) select.addEventListener("change", refilter);
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(refilter, 150); });
  book.cast.forEach((who, i) => {
    const button = make("button", { type: "button", className: i ? "chip voice" : "chip", textContent: `${who.name} ${who.lines}` });
    if (i) button.style.setProperty("--hue", hueOf(i));
    button.addEventListener("click", () => { character.value = filter.character === i ? -1 : i; refilter(); });
    document.getElementById("legend").append(make("li", {}, button));
  });
  for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => choose(button.dataset.view));
  document.getElementById("undo").addEventListener("click", takeBack);
  document.getElementById("save").addEventListener("click", save);
  document.getElementById("help").addEventListener("click", COMMANDS["?"]);
  window.addEventListener("beforeunload", (event) => { if (unsaved && !kept) event.preventDefault(); });
  const carried = recall();
  count();
  choose(units.some((unit) => unit.doubt === DOUBTFUL) ? "doubtful" : "script");
  if (carried) notify(`${carried} decisions from an earlier page of this book were taken over.`);
  if (!kept) notify("This browser keeps nothing for this page: save casting.yaml before you close it.");
}

begin();
