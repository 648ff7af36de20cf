// One <audio> for the page. It plays a line's take, or line after line with their pauses, and
// draws the waveform of the line that is current from outlines the server made.
const audio = document.getElementById("audio");
const data = document.body.dataset;
const ENDED_S = 0.05; // a browser's clock may stop this far before the end

export const player = {
  row: null, // the line that sounds
  key: "", // its take
  through: false,
  onmove: () => {},
  onend: () => {},
};
let wave = null;
let wait = 0;
let WaveSurfer = null;

const address = (key, kind) => `${data.takes}${key}.${kind}`;

// Plays a take of a line; the line's own unless another is named.
export function play(row, key = row.dataset.key) {
  stop();
  if (!key) return;
  player.row = row;
  player.key = key;
  sounding();
  audio.src = address(key, "flac");
  audio.play().catch((error) => {
    if (error.name !== "AbortError") player.onend();
  });
  ahead(row);
}

export function toggle(row) {
  if (!audio.paused) return audio.pause();
  if (player.row === row && audio.currentSrc && audio.currentTime > 0 && audio.currentTime < audio.duration - ENDED_S) {
    return void audio.play();
  }
  play(row);
}

export function stop() {
  clearTimeout(wait);
  audio.pause();
  document.querySelectorAll(".sounding").forEach((one) => one.classList.remove("sounding"));
}

export const playing = () => !audio.paused || wait !== 0;

// Lines are made again by the server: what sounds is marked anew.
export function sounding() {
  document.querySelectorAll(".sounding, .heard").forEach((one) => one.classList.remove("sounding", "heard"));
  if (player.row && !player.row.isConnected) {
    player.row = document.querySelector(`.line[data-url="${CSS.escape(player.row.dataset.url)}"]`);
  }
  if (!player.row || audio.paused && audio.ended) return;
  player.row.classList.add("sounding");
  player.row.querySelector(`.takes li[data-key="${player.key}"]`)?.classList.add("heard");
}

// The next take is fetched while this one sounds, so that no gap is heard between lines.
function ahead(row) {
  const next = following(row);
  if (player.through && next) fetch(address(next.dataset.key, "flac")).catch(() => {});
}

export function following(row, step = 1) {
  const rows = [...document.querySelectorAll(".line")];
  for (let i = rows.indexOf(row) + step; rows[i]; i += step) {
    if (rows[i].dataset.key) return rows[i];
  }
  return null;
}

audio.addEventListener("ended", () => {
  const row = player.row;
  const next = player.through && row ? following(row) : null;
  if (!next) {
    stop();
    return player.onend(row);
  }
  wait = setTimeout(() => {
    wait = 0;
    player.onmove(next);
    play(next);
  }, Number(row.dataset.pause) || 0);
});
for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, face);

// The buttons say what pressing them does.
function face() {
  const button = document.getElementById("play");
  const on = !audio.paused;
  button.textContent = on ? "⏸" : "▶";
  button.setAttribute("aria-label", on ? data.pause : data.play);
}

// Draws the waveform of a take into a panel. wavesurfer is loaded when the first one is drawn.
export async function draw(panel, key) {
  const place = panel.querySelector(".wave");
  if (!place || !key || place.dataset.key === key) return;
  place.dataset.key = key;
  wave?.destroy();
  wave = null;
  const [outline, module] = await Promise.all([
    fetch(address(key, "json")).then((answer) => (answer.ok ? answer.json() : null)),
    WaveSurfer ?? import(data.wave).then((loaded) => (WaveSurfer = loaded.default)),
  ]).catch(() => [null, null]);
  if (!outline || !module || place.dataset.key !== key || !place.isConnected) return;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const free = audio.paused && !player.through;
  if (free && !audio.src.endsWith(address(key, "flac"))) {
    audio.src = address(key, "flac");
    player.key = key;
    player.row = panel.closest(".line");
  }
  const mine = audio.src.endsWith(address(key, "flac"));
  wave = module.create({
    container: place,
    height: 56, // the policy of the page knows the style of this height
    peaks: [outline.peaks],
    duration: outline.seconds,
    normalize: true,
    waveColor: colour("--wave"),
    progressColor: colour("--accent"),
    cursorColor: colour("--ink"),
    ...(mine ? { media: audio } : {}),
  });
  wave.on("interaction", () => audio.paused && mine && audio.play());
}

export function undraw() {
  wave?.destroy();
  wave = null;
}
