// What the author has decided so far: kept in the browser, so that a closed tab loses nothing.

const SHELF = "castbook-review/" + book.slug + "/";
const VERSIONS_KEPT = 8; // pages of one book whose decisions stay in the browser
const decisions = new Map(); // id of a unit -> {speaker, style}
const undone = []; // [id, decision before], newest last
let kept = true; // whether the browser keeps anything
let unsaved = false;

function spokenBy(unit) {
  return decisions.get(unit.id) ?? { speaker: unit.speaker, style: unit.style };
}

function decide(unit, speaker, style) {
  undone.push([unit.id, decisions.get(unit.id) ?? null]);
  decisions.set(unit.id, { speaker, style });
  remember();
}

function undo() {
  const last = undone.pop();
  if (!last) return null;
  if (last[1] === null) decisions.delete(last[0]);
  else decisions.set(last[0], last[1]);
  remember();
  return units[last[0]];
}

function remember() {
  unsaved = true;
  const rows = [...decisions].map(([id, d]) => [units[id].anchor, book.cast[d.speaker].key, d.style]);
  try {
    localStorage.setItem(SHELF + book.digest, JSON.stringify({ at: Date.now(), rows }));
  } catch {
    kept = false;
  }
}

// This page's own decisions, or those of the newest other page of the same book whose lines are
// still here and not in casting.yaml. Returns how many came from another page.
function recall() {
  let shelves;
  try {
    shelves = Object.keys(localStorage).filter((key) => key.startsWith(SHELF)).map((key) => [key, JSON.parse(localStorage.getItem(key))]);
    shelves.sort((a, b) => b[1].at - a[1].at);
    for (const [key] of shelves.slice(VERSIONS_KEPT)) localStorage.removeItem(key);
  } catch {
    kept = false;
    return 0;
  }
  const own = shelves.find(([key]) => key === SHELF + book.digest);
  const source = own ?? shelves[0];
  if (!source) return 0;
  const byAnchor = new Map(units.filter((unit) => unit.anchor).map((unit) => [unit.anchor, unit]));
  const byKey = new Map(book.cast.map((who, i) => [who.key, i]));
  for (const [anchor, key, style] of source[1].rows) {
    const unit = byAnchor.get(anchor), speaker = byKey.get(key);
    if (!unit || speaker === undefined || (!own && unit.rule === "casting")) continue;
    const styles = book.cast[speaker].styles.map(([name]) => name);
    decisions.set(unit.id, { speaker, style: styles.includes(style) ? style : null });
  }
  unsaved = decisions.size > 0;
  return own ? 0 : decisions.size;
}
