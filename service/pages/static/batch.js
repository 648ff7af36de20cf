// A batch as it goes: its bar and its lines come by server-sent events.
const DONE = ["completed", "failed", "cancelled"];
const heard = new Map(); // run -> its lines: Prefect's log, of which fragments are made, is later
let source = null;

function follow() {
  const run = document.getElementById("batch-run");
  const id = run?.dataset.run;
  for (const text of heard.get(id) ?? []) show(text);
  if (source?.run === id) return; // also of a run that has ended: its last lines may be under way
  source?.close();
  source = null;
  if (run?.dataset.active !== "yes") return;
  source = new EventSource(`/v1/runs/${encodeURIComponent(id)}/events`);
  source.run = id;
  source.addEventListener("snapshot", (event) => progress(JSON.parse(event.data).progress));
  source.addEventListener("progress", (event) => progress(JSON.parse(event.data)));
  source.addEventListener("line", (event) => line(id, JSON.parse(event.data).text));
  source.addEventListener("state", (event) => {
    const state = JSON.parse(event.data).state;
    setTimeout(again, DONE.includes(state) ? 400 : 0); // the receipt is written with the end
  });
}

function progress({ done, total }) {
  const run = document.getElementById("batch-run");
  if (!run || !total) return;
  run.querySelector("progress").max = total;
  run.querySelector("progress").value = done;
  run.querySelector(".done").textContent = `${done}/${total}`;
}

function line(id, text) {
  if (!text) return;
  if (!heard.has(id)) heard.set(id, []);
  heard.get(id).push(text);
  if (document.getElementById("batch-run")?.dataset.run === id) show(text);
}

function show(text) {
  const log = document.querySelector("#batch-run .log");
  if (!log || [...log.children].some((item) => item.textContent === text)) return;
  const item = document.createElement("li");
  item.textContent = text;
  if (text.startsWith("[✗]")) item.className = "bad";
  log.append(item);
  log.scrollTop = log.scrollHeight;
}

function again() {
  for (const id of ["batch-run", "batches"]) {
    const part = document.getElementById(id);
    if (part) htmx.trigger(part, "castbook:batch");
  }
}

let shown = document.getElementById("batch-run")?.dataset.run;
document.addEventListener("htmx:after:swap", () => {
  follow();
  const run = document.getElementById("batch-run");
  if (!run?.dataset.run || run.dataset.run === shown) return;
  shown = run.dataset.run;
  run.scrollIntoView({ block: "nearest" });
  history.replaceState(null, "", `/batch?run=${encodeURIComponent(shown)}`); // a reload finds it again
  htmx.trigger(document.getElementById("batches"), "castbook:batch");
});

const drop = document.getElementById("drop");
for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) drop.querySelector("input").files = event.dataTransfer.files;
});
follow();
