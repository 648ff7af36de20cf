// Live progress of the run that the page shows: server-sent events, with htmx's polling behind.
let source = null;

function follow() {
  const run = document.getElementById("run");
  const id = run?.dataset.active === "yes" ? run.dataset.run : null;
  if (source?.run === id) return;
  source?.close();
  source = null;
  if (!id) return;
  source = new EventSource(`/v1/runs/${encodeURIComponent(id)}/events`);
  source.run = id;
  const progress = (event) => {
    const data = parsed(event);
    const now = document.getElementById("run");
    if (!now || !data.total) return;
    const bar = now.querySelector("progress");
    if (!bar) return again();
    bar.max = data.total;
    bar.value = data.done;
    now.querySelector(".done").textContent = `${data.done}/${data.total}`;
    document.dispatchEvent(new CustomEvent("castbook:progress", { detail: data }));
  };
  const state = (event) => {
    if (["completed", "failed", "cancelled"].includes(parsed(event).state)) source?.close();
    again();
    document.dispatchEvent(new CustomEvent("castbook:progress", { detail: parsed(event) }));
  };
  source.addEventListener("progress", progress);
  source.addEventListener("snapshot", progress);
  source.addEventListener("state", state);
}

function parsed(event) {
  try {
    return JSON.parse(event.data);
  } catch {
    return {};
  }
}

function again() {
  const state = document.getElementById("state");
  if (state) htmx.trigger(state, "castbook:run");
}

document.addEventListener("htmx:after:swap", follow);
follow();
