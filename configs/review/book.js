// The book as the page gets it, and casting.yaml as it leaves. Knows no screen.

const book = JSON.parse(document.getElementById("data").textContent);
const NONE = 0, DOUBTFUL = 1, SECOND = 2;
const NARRATOR = 0;
const NOTE_LENGTH = 80; // characters, as castbook itself shortens the text of an entry

const units = book.units.map((row, id) => ({
  id, anchor: row[0], speaker: row[1], style: row[2], rule: book.rules[row[3]], percent: row[4],
  doubt: row[5], guesses: row[6], talk: row[7], quote: row[8] === 1, segments: [], chapter: 0,
}));
const chapters = book.chapters.map(([number, title, first]) => ({ number, title, first }));
const paragraphs = []; // {first, last} segments of each, in the order of the book
const paragraphOf = new Int32Array(book.segments.length);
{
  let chapter = 0, first = 0;
  book.segments.forEach(([, unit, end], i) => {
    while (chapter + 1 < chapters.length && chapters[chapter + 1].first <= i) chapter += 1;
    units[unit].segments.push(i);
    units[unit].chapter = chapter;
    paragraphOf[i] = paragraphs.length;
    if (end >= 2) {
      paragraphs.push({ first, last: i, chapter, scene: end === 3 });
      first = i + 1;
    }
  });
}

function unitText(unit) {
  return unit.segments.map((i) => book.segments[i][0]).join(" ");
}

function hueOf(speaker) {
  return Math.round((speaker * 137.508 + 200) % 360); // the golden angle: neighbours differ most
}

// Double quotes with escapes: read by every YAML parser as what it was.
function quoted(text) {
  const clean = text.replace(/[\p{C}\p{Z}]+/gu, " ").trim();
  const letters = [...clean];
  const short = letters.length > NOTE_LENGTH ? letters.slice(0, NOTE_LENGTH - 1).join("").trim() + "…" : clean;
  return JSON.stringify(short);
}

function entryFields(unit, decision) {
  const fields = ["anchor: " + JSON.stringify(unit.anchor), "speaker: " + book.cast[decision.speaker].yaml];
  if (decision.style !== null) fields.push("style: " + styleYaml(decision));
  return [...fields, "text: " + quoted(unitText(unit))];
}

function styleYaml(decision) {
  if (decision.style === null) return "null";
  return book.cast[decision.speaker].styles.find(([name]) => name === decision.style)[1];
}

// The whole file: what it held, with changed values, and new entries in the order of the book.
function castingFile(decisions) {
  const { parts, flow, indent } = book.casting;
  const held = new Set(parts.filter((p) => Array.isArray(p) && Array.isArray(p[0])).map((p) => p[0][0]));
  const added = [...decisions].filter(([id]) => !held.has(id)).sort((a, b) => a[0] - b[0]);
  const pad = " ".repeat(indent);
  const rows = added.map(([id, decision]) => {
    const fields = entryFields(units[id], decision);
    return flow ? ", {" + fields.join(", ") + "}" : "\n" + pad + "- " + fields.join("\n" + pad + "  ");
  });
  return parts.map((part) => {
    if (!Array.isArray(part)) return part;
    const [place, current, before] = part;
    if (place === "gap") return rows.length ? "" : current;
    if (place === "seat") return rows.length ? before + rows.join("") : "";
    const decision = decisions.get(place[0]);
    if (!decision) return current;
    if (place[1] === "speaker") return before + book.cast[decision.speaker].yaml;
    return decision.style === null && before ? "" : before + styleYaml(decision);
  }).join("");
}
