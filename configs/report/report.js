// Reads the plot point by point, copies commands, plays one sound at a time. All else is HTML.

const report = JSON.parse(document.getElementById("data").textContent);
const said = document.getElementById("said");

function clock(seconds) {
  const whole = Math.round(seconds), pad = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

function decibels(value) {
  return value.toFixed(1).replace("-", "\u2212");
}

const slider = document.getElementById("moment");
if (slider) {
  const { course, window_s: length } = report;
  const readout = document.getElementById("readout"), cursor = document.getElementById("cursor");
  const show = () => {
    const i = Number(slider.value), at = i * course.size;
    const chapter = course.chapters.filter(([, , start]) => start <= at).pop();
    const inside = clock((at - chapter[2]) * length);
    const text = `${clock(at * length)} · chapter ${chapter[0]} ${chapter[1]} at ${inside} · `
      + `mean ${decibels(course.mean[i])} dB, from ${decibels(course.low[i])} to ${decibels(course.high[i])}`;
    readout.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    cursor.setAttribute("d", `M${i + 0.5} 0V9999`);
    cursor.classList.add("on");
  };
  slider.addEventListener("input", show);
  slider.closest("figure").querySelector("svg.plot").addEventListener("pointermove", (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    slider.value = Math.min(course.mean.length - 1, Math.max(0, Math.floor(share * course.mean.length)));
    show();
  });
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      said.textContent = "copied";
      button.textContent = "copied";
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    } catch {
      getSelection().selectAllChildren(code); // no clipboard: the text is selected instead
      said.textContent = "selected: copy it with the keyboard";
    }
  });
}

document.addEventListener("play", (event) => {
  for (const audio of document.querySelectorAll("audio")) if (audio !== event.target) audio.pause();
}, { capture: true });

// A link to a segment opens what it stands in.
function reveal() {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  target?.closest("details")?.setAttribute("open", "");
}
window.addEventListener("hashchange", reveal);
reveal();

const legend = document.getElementById("dots-legend");
legend?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const on = button.getAttribute("aria-pressed") !== "true";
  for (const other of legend.querySelectorAll("button")) other.setAttribute("aria-pressed", on && other === button);
  for (const path of document.querySelectorAll("path.dots")) {
    path.classList.toggle("off", on && !path.classList.contains(button.dataset.colour));
  }
});

window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
