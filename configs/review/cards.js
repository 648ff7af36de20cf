// Cards: conversations with doubtful lines, or stretches of the script. A card is filled when it
// comes near the screen, so that a book of 10,000 segments opens at once.

const BEFORE = 3, AFTER = 2; // paragraphs of context around a doubtful line
const STRETCH = 30; // paragraphs of a card of the whole script
const LINE_PX = 30, LETTERS_A_LINE = 70; // for the height of cards that are not filled yet
const main = document.getElementById("lines");
const filter = { text: "", chapter: -1, character: -1, rule: "" };
let view = "doubtful";
let cards = []; // {chapter, paragraphs, wanted: units in question, element, filled}
let order = []; // {unit, card} in the order of j and k
let at = -1;

const nearby = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) fill(cards[entry.target.dataset.card]);
}, { rootMargin: "900px" });

function passes(unit) {
  if (filter.chapter >= 0 && unit.chapter !== filter.chapter) return false;
  if (filter.rule && unit.rule !== filter.rule) return false;
  if (filter.character >= 0) {
    const said = spokenBy(unit).speaker === filter.character;
    if (!said && !(unit.doubt === DOUBTFUL && unit.guesses.some(([who]) => who === filter.character))) return false;
  }
  if (!filter.text) return true;
  return unit.segments.some((i) => {
    const { first, last } = paragraphs[paragraphOf[i]];
    let text = "";
    for (let k = first; k <= last; k += 1) text += book.segments[k][0] + " ";
    return text.toLowerCase().includes(filter.text);
  });
}

function filtering() {
  return Boolean(filter.text || filter.rule || filter.chapter >= 0 || filter.character >= 0);
}

function paragraphRange(unit) {
  return [paragraphOf[unit.segments[0]], paragraphOf[unit.segments[unit.segments.length - 1]]];
}

function conversationCards(doubt) {
  const talks = new Map();
  for (const unit of units) {
    if (unit.doubt === doubt && passes(unit)) {
      if (!talks.has(unit.talk)) talks.set(unit.talk, []);
      talks.get(unit.talk).push(unit);
    }
  }
  return [...talks.values()].map((wanted) => {
    const shown = new Set();
    for (const unit of wanted) {
      const [first, last] = paragraphRange(unit);
      for (let p = first - BEFORE; p <= last + AFTER; p += 1) {
        if (paragraphs[p]?.chapter === unit.chapter) shown.add(p);
      }
    }
    return { chapter: wanted[0].chapter, paragraphs: [...shown].sort((a, b) => a - b), wanted };
  });
}

function scriptCards() {
  const found = [];
  const matching = filtering() ? new Set(units.filter(passes).flatMap((u) => u.segments.map((i) => paragraphOf[i]))) : null;
  paragraphs.forEach(({ chapter, first, last }, p) => {
    if (matching && !matching.has(p)) return;
    const open = found[found.length - 1];
    const card = open && open.chapter === chapter && open.paragraphs.length < STRETCH
      ? open : { chapter, paragraphs: [], wanted: [] };
    if (card !== open) found.push(card);
    card.paragraphs.push(p);
    for (let i = first; i <= last; i += 1) {
      const unit = units[book.segments[i][1]];
      if (unit.quote && unit.segments[0] === i) card.wanted.push(unit);
    }
  });
  return found;
}

function show() {
  nearby.disconnect();
  main.replaceChildren();
  const here = order[at]?.unit;
  cards = view === "script" ? scriptCards() : conversationCards(view === "doubtful" ? DOUBTFUL : SECOND);
  order = cards.flatMap((card) => card.wanted.map((unit) => ({ unit, card })));
  cards.forEach((card, i) => {
    const letters = card.paragraphs.reduce((sum, p) => sum + LETTERS_A_LINE / 2 + lettersOf(p), 0);
    card.element = make("section", { className: "card" });
    card.element.dataset.card = i;
    card.height = Math.round(letters / LETTERS_A_LINE * LINE_PX + 60);
    card.element.style.minHeight = card.height + "px";
    card.element.style.containIntrinsicBlockSize = "auto " + card.height + "px";
    main.append(card.element);
    nearby.observe(card.element);
  });
  at = -1;
  if (!order.length) {
    hideChoices();
    main.append(make("p", { className: "done", textContent: filtering() ? "No line fits the filter."
      : view === "script" ? "This book has no lines." : "Nothing is left to ask here: every speaker is known." }));
    return;
  }
  const same = here ? order.findIndex(({ unit }) => unit === here) : -1;
  const open = order.findIndex(({ unit }) => !decisions.has(unit.id));
  go(same >= 0 ? same : Math.max(view === "script" ? 0 : open, 0));
}

function lettersOf(p) {
  let sum = 0;
  for (let i = paragraphs[p].first; i <= paragraphs[p].last; i += 1) sum += book.segments[i][0].length;
  return sum;
}

function fill(card) {
  if (!card || card.filled) return;
  card.filled = true;
  nearby.unobserve(card.element);
  const { number, title } = chapters[card.chapter];
  const count = card.wanted.length;
  const name = make("span", { textContent: title, lang: book.language });
  const asked = view === "script" ? "" : ` · ${count} ${count === 1 ? "line" : "lines"}`;
  card.element.append(make("h2", {}, `${number} · `, name, asked));
  const asides = view === "script" ? null : new Set(card.wanted.flatMap((u) => u.segments.map((i) => paragraphOf[i])));
  card.paragraphs.forEach((p, i) => {
    const last = card.paragraphs[i - 1];
    if (i && p > last + 1) card.element.append(gapElement(last + 1, p - 1));
    card.element.append(paragraphElement(p, asides !== null && !asides.has(p)));
  });
  card.element.style.minHeight = "";
}

function gapElement(first, last) {
  const count = last - first + 1;
  const text = `show ${count} ${count === 1 ? "paragraph" : "paragraphs"} between`;
  const button = make("button", { type: "button", className: "gap", textContent: text });
  button.addEventListener("click", () => {
    const hidden = [];
    for (let p = first; p <= last; p += 1) hidden.push(paragraphElement(p, true));
    button.replaceWith(...hidden);
  });
  return button;
}

// Makes a line of the order the current one, and puts the choices under it.
function go(index) {
  for (const old of main.querySelectorAll(".current")) old.classList.remove("current");
  at = Math.min(Math.max(index, 0), order.length - 1);
  const { unit, card } = order[at];
  fill(card);
  const own = card.element.querySelectorAll(`.seg[data-unit="${unit.id}"]`);
  for (const element of own) element.classList.add("current");
  showChoices(unit, own[own.length - 1].closest(".para"));
  own[0].scrollIntoView({ block: "center" });
}

function nextOpen() {
  for (let step = 1; step <= order.length; step += 1) {
    const index = (at + step) % order.length;
    if (!decisions.has(order[index].unit.id)) return index;
  }
  return -1;
}
