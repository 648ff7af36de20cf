// Paragraphs of the book as elements, coloured by who speaks. Text goes in as text, never as HTML.

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// "open": nobody knows yet; "voice": a character; "": the narrator.
function toneOf(unit) {
  if (unit.doubt === DOUBTFUL && !decisions.has(unit.id)) return "open";
  return spokenBy(unit).speaker === NARRATOR ? "" : "voice";
}

function paint(element, unit, classes) {
  const tone = toneOf(unit);
  element.className = (classes + " " + tone).trim();
  if (tone === "voice") element.style.setProperty("--hue", hueOf(spokenBy(unit).speaker));
}

function label(unit) {
  const { speaker, style } = spokenBy(unit);
  const name = book.cast[speaker].name + (style ? " · " + style : "");
  if (decisions.has(unit.id)) return name + " ✓";
  return toneOf(unit) === "open" ? name + " ?" : name;
}

function paintUnit(unit, root) {
  for (const element of root.querySelectorAll(`[data-unit="${unit.id}"]`)) {
    if (element.classList.contains("who")) {
      paint(element, unit, "who");
      element.textContent = label(unit);
    } else {
      paint(element, unit, element.classList.contains("current") ? "seg current" : "seg");
    }
  }
}

function paragraphElement(index, aside) {
  const paragraph = paragraphs[index];
  const element = make("p", { className: "para" });
  element.lang = book.language;
  element.dir = "auto";
  if (aside) element.classList.add("aside");
  if (paragraph.scene) element.classList.add("scene");
  let before = -1;
  for (let i = paragraph.first; i <= paragraph.last; i += 1) {
    const [text, id, end, heading] = book.segments[i];
    const unit = units[id];
    if (heading) element.classList.add("heading");
    const named = unit.quote || spokenBy(unit).speaker !== NARRATOR;
    if (id !== before && named) {
      const who = make("b", { textContent: label(unit) });
      who.dataset.unit = id;
      paint(who, unit, "who");
      element.append(who);
    }
    const segment = make("span", { textContent: text });
    segment.dataset.unit = id;
    paint(segment, unit, "seg");
    element.append(segment);
    if (end === 1) element.append(" ");
    before = id;
  }
  return element;
}
