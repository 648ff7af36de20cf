// Who says the current line: guesses, narrator, another character, a style, or right as it is.

const panel = document.getElementById("choices");
const picker = document.getElementById("picker");
const pickerFilter = document.getElementById("picker-filter");
const pickerList = document.getElementById("picker-list");
const said = document.getElementById("said");
let offered = []; // of the picker: {text, note, words, take}
let picked = 0;
let byKeyboard = false; // a choice's button was pressed with a key: the focus goes to the next ones
const narrow = window.matchMedia("(max-width: 40rem)");

panel.addEventListener("click", (event) => { byKeyboard = event.detail === 0; }, { capture: true });

function currentUnit() {
  return order[at]?.unit ?? null;
}

function hideChoices() {
  panel.hidden = true;
  document.body.append(panel);
}

function choice(unit, key, text, speaker, percent) {
  const now = decisions.has(unit.id) && spokenBy(unit).speaker === speaker;
  const button = make("button", { type: "button" }, make("kbd", { textContent: key }), " ", text);
  if (percent !== null) {
    button.className = "guess";
    button.append(" ", make("span", { className: "percent", textContent: percent + " %" }));
  }
  button.classList.add("chip");
  if (speaker !== NARRATOR) {
    button.classList.add("voice");
    button.style.setProperty("--hue", hueOf(speaker));
  }
  button.setAttribute("aria-pressed", now);
  button.addEventListener("click", () => settle(unit, speaker, styleFor(unit, speaker)));
  return button;
}

function showChoices(unit, below) {
  const row = make("div", { className: "row" }), more = make("div", { className: "row more" });
  if (unit.anchor) {
    unit.guesses.forEach(([who, percent], i) => row.append(choice(unit, String(i + 1), book.cast[who].name, who, percent)));
    if (!unit.guesses.some(([who]) => who === NARRATOR)) {
      row.append(choice(unit, "n", book.cast[NARRATOR].name, NARRATOR, null));
    }
    more.append(command("c", "another …", pickCharacter));
    if (stylesOf(unit).length) more.append(command("s", "style …", pickStyle));
    more.append(command("Enter", "right as it is", accept));
  }
  panel.replaceChildren(row, more, make("p", { textContent: explain(unit) }));
  panel.hidden = false;
  // on a phone the choices are a sheet over the page: a card would clip it
  if (narrow.matches) document.body.append(panel);
  else below.after(panel);
  if (byKeyboard) row.querySelector("button")?.focus({ preventScroll: true });
  byKeyboard = false;
  said.textContent = `Line ${at + 1} of ${order.length}: ${unitText(unit)} ${explain(unit)}`;
}

function command(key, text, action) {
  const button = make("button", { type: "button" }, make("kbd", { textContent: key }), " ", text);
  button.addEventListener("click", action);
  return button;
}

function explain(unit) {
  if (!unit.anchor) {
    return "castbook cannot tell this line from an equal one with equal neighbours: write the speaker into the manuscript, such as [holmes] at the start of the paragraph.";
  }
  const name = book.cast[unit.speaker].name, rule = unit.rule.replace(/, unsure$/, "");
  if (decisions.has(unit.id)) return `you decided: ${label(unit).replace(" ✓", "")} (before: ${name}, by the rule “${rule}”)`;
  if (unit.rule === "casting") return `${name}, as casting.yaml says`;
  if (unit.doubt === DOUBTFUL && !unit.guesses.length) return `now spoken by ${name}: the text does not say who it is`;
  if (unit.doubt === DOUBTFUL) return `now spoken by ${name}: the best guess (rule “${rule}”) is right in ${unit.percent} of 100 such cases`;
  return unit.quote ? `${name}, by the rule “${rule}”, right in ${unit.percent} of 100 such cases` : name;
}

function settle(unit, speaker, style) {
  if (!unit.anchor) return;
  decide(unit, speaker, style);
  paintUnit(unit, main);
  count();
  if (view === "script") {
    go(at);
    return;
  }
  const next = nextOpen();
  if (next >= 0) {
    go(next);
  } else {
    go(at);
    notify("Every line here is decided. Save casting.yaml to keep it.");
  }
}

function accept() {
  const unit = currentUnit();
  if (!unit) return;
  const { speaker, style } = spokenBy(unit);
  settle(unit, speaker, style);
}

function guess(number) {
  const unit = currentUnit();
  if (unit?.guesses[number]) settle(unit, unit.guesses[number][0], styleFor(unit, unit.guesses[number][0]));
}

function narrator() {
  const unit = currentUnit();
  if (unit) settle(unit, NARRATOR, styleFor(unit, NARRATOR));
}

// A mood stays with its speaker: it may come from the manuscript itself.
function styleFor(unit, speaker) {
  const now = spokenBy(unit);
  return now.speaker === speaker ? now.style : null;
}

function stylesOf(unit) {
  return book.cast[spokenBy(unit).speaker].styles;
}

function pickCharacter() {
  const unit = currentUnit();
  if (!unit?.anchor) return;
  const here = new Map(); // who talks in this conversation, so that they come first
  for (const { talk, id } of units) if (talk >= 0 && talk === unit.talk) here.set(spokenBy(units[id]).speaker, 1);
  const ranked = book.cast.map((who, i) => ({ who, i })).sort((a, b) =>
    (here.get(b.i) ?? 0) - (here.get(a.i) ?? 0) || b.who.lines - a.who.lines);
  openPicker("Who says it?", ranked.map(({ who, i }) => ({
    text: who.name, note: who.aliases.slice(0, 3).join(", "), words: [who.name, who.key, ...who.aliases].join(" ").toLowerCase(),
    take: () => settle(unit, i, styleFor(unit, i)),
  })));
}

function pickStyle() {
  const unit = currentUnit();
  if (!unit?.anchor || !stylesOf(unit).length) return;
  const { speaker } = spokenBy(unit);
  openPicker(`How does ${book.cast[speaker].name} say it?`, stylesOf(unit).map(([style], i) => ({
    text: style, note: i ? "" : "the usual one", words: style.toLowerCase(), take: () => settle(unit, speaker, style),
  })));
}

function openPicker(title, options) {
  document.getElementById("picker-title").textContent = title;
  pickerFilter.value = "";
  picker.options = options;
  offer();
  picker.showModal();
  pickerFilter.focus();
}

function offer() {
  const wanted = pickerFilter.value.trim().toLowerCase();
  const begins = (text) => text.toLowerCase().split(/\s+/).some((word) => word.startsWith(wanted));
  const rank = (option) => (begins(option.text) ? 2 : 0) + (begins(option.words) ? 1 : 0);
  offered = picker.options.filter((option) => option.words.includes(wanted));
  if (wanted) offered.sort((a, b) => rank(b) - rank(a));
  picked = 0;
  pickerList.replaceChildren(...offered.map((option, i) => {
    const item = make("li", { id: "option-" + i }, make("span", { textContent: option.text }), make("small", { textContent: option.note }));
    item.setAttribute("role", "option");
    item.addEventListener("click", () => take(i));
    return item;
  }));
  mark();
}

function mark() {
  [...pickerList.children].forEach((item, i) => item.setAttribute("aria-selected", i === picked));
  pickerFilter.setAttribute("aria-activedescendant", offered.length ? "option-" + picked : "");
  pickerList.children[picked]?.scrollIntoView({ block: "nearest" });
}

function take(index) {
  const option = offered[index];
  if (!option) return;
  picker.close();
  pickerFilter.blur(); // hidden, it would keep the focus for a moment, and swallow the next key
  option.take();
}

pickerFilter.addEventListener("input", offer);
pickerFilter.addEventListener("keydown", (event) => {
  if (!picker.open) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    picked = (picked + (event.key === "ArrowDown" ? 1 : offered.length - 1)) % Math.max(offered.length, 1);
    mark();
    event.preventDefault();
  } else if (event.key === "Enter") {
    take(picked);
    event.preventDefault();
  }
  event.stopPropagation();
});
