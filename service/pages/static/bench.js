// The bench: settings and text become a request of the speech API; its answer is heard as it comes.
import { notify } from "./site.js";
import { asked, play, playsEarly } from "./sound.js";

const by = (id) => document.getElementById(id);
const said = document.body.dataset;
const settings = by("settings").elements;
const reference = by("reference").elements;
const audio = by("sound");
let speaking = null; // the AbortController of the text that is being spoken

// What the settings say, in the API's words. What stands at the API's own default is left out
// where an engine that has no such thing would remark on it.
function wish() {
  const body = { input: by("text").value, stream: settings.stream.checked };
  for (const name of ["voice", "style", "model", "preset", "language", "instructions", "response_format"]) {
    if (settings[name].value) body[name] = settings[name].value;
  }
  for (const name of ["rate", "speed", "max_length"]) {
    if (settings[name].value) body[name] = Number(settings[name].value);
  }
  body.seed = settings.seed.value === "" ? null : settings.seed.value;
  const chosen = settings.preset.value !== "";
  if (chosen || settings.sampler.value !== settings.sampler.dataset.default) body.sampler = settings.sampler.value;
  if (chosen || !settings.kv_cache.checked) body.kv_cache = settings.kv_cache.checked;
  if (settings.experimental.checked) body.experimental = true;
  return body;
}

async function withClip(body) {
  const file = reference.audio_sample.files[0];
  if (!file) return body;
  const consent = reference.consent.value;
  if (!consent) throw new Error(said.noConsent);
  if (!reference.ref_text.value.trim()) throw new Error(said.noWords);
  const { voice, style, ...rest } = body;
  return { ...rest, ref_audio: await dataUrl(file), ref_text: reference.ref_text.value.trim(), consent };
}

function dataUrl(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}

async function speak() {
  stop();
  if (!by("text").value.trim()) return notify(said.nothing, true);
  const mine = speaking = new AbortController();
  const current = () => speaking === mine;
  const begun = performance.now();
  const passed = () => (performance.now() - begun) / 1000;
  phase(said.waiting);
  by("stop").disabled = false;
  by("facts").hidden = by("download").hidden = by("kept").hidden = by("notes").hidden = true;
  for (const cell of by("facts").querySelectorAll("dd")) cell.textContent = "–";
  try {
    const body = await withClip(wish());
    const form = body.response_format;
    const answer = await asked("/v1/audio/speech", { ...json(body), signal: mine.signal });
    const seed = answer.headers.get("X-Castbook-Seed") ?? "";
    const notes = answer.headers.get("X-Castbook-Notes");
    const audible = () => { if (current()) { fact("first", seconds(passed())); phase(said.playing); } };
    audio.addEventListener("playing", audible, { once: true, signal: mine.signal });
    const whole = await play(answer, audio, form, body.stream, () => { by("facts").hidden = false; fact("seed", seed); });
    const total = passed();
    fact("total", seconds(total));
    const length = await lengthOf(whole, audio);
    if (!current()) return;
    fact("length", seconds(length));
    fact("rtf", (total / length).toFixed(2));
    by("notes").hidden = !notes;
    by("notes").textContent = notes ?? "";
    offer(whole, named(form, body.voice));
    phase(said.complete);
    by("stop").disabled = audio.paused;
    audio.addEventListener("ended", () => { if (current()) by("stop").disabled = true; }, { once: true });
    if (settings.save.checked) await keep({ ...body, seed: seed || body.seed }, mine.signal);
  } catch (error) {
    if (!current() || error.name === "AbortError") return;
    by("stop").disabled = true;
    phase("");
    notify(error instanceof TypeError ? said.cut : error.message, true); // the stream broke off
  }
}

function stop() {
  speaking?.abort();
  speaking = null;
  audio.pause();
  by("stop").disabled = true;
}

async function keep(body, signal) {
  phase(said.saving);
  const options = json({ ...body, stream: false, output_name: named("wav", body.voice, true) });
  const made = await (await asked("/bench/save", { ...options, signal })).json();
  const link = by("kept");
  link.href = made.url;
  link.textContent = said.saved.replace("{name}", made.file);
  link.hidden = false;
  phase("");
}

function offer(whole, name) {
  const link = by("download");
  if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(whole);
  link.download = name;
  link.hidden = false;
}

// The template filled in. What is downloaded ends with its own form; what is kept says its form.
function named(form, voice, kept = false) {
  const now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  const filled = (settings.output_name.value.trim() || "tts_{date}_{time}")
    .replaceAll("{date}", `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`)
    .replaceAll("{time}", two(now.getHours()) + two(now.getMinutes()) + two(now.getSeconds()))
    .replaceAll("{voice}", (voice || "voice").replaceAll(/[^\w.-]+/g, "-"));
  return kept ? filled : `${filled.replace(/\.(wav|flac|mp3|opus)$/i, "")}.${form === "pcm" ? "wav" : form}`;
}

async function lengthOf(whole, player) {
  if (Number.isFinite(player.duration)) return player.duration;
  const probe = new Audio(URL.createObjectURL(whole));
  await new Promise((done) => ["loadedmetadata", "error"].forEach((name) => probe.addEventListener(name, done, { once: true })));
  const found = probe.duration;
  URL.revokeObjectURL(probe.src);
  return Number.isFinite(found) ? found : NaN;
}

const json = (body) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
const seconds = (value) => (Number.isFinite(value) ? `${value.toFixed(value < 1 ? 3 : 2)} s` : "–");
const fact = (name, text) => { by(`fact-${name}`).textContent = text; };
const phase = (text) => { by("phase").textContent = text; };

// --- settings that depend on one another

function settle() {
  const streams = settings.stream.checked;
  by("speak").textContent = streams ? said.speakStream : said.speakWhole;
  by("late").hidden = !streams || playsEarly(settings.response_format.value);
  by("experimental").hidden = !streams || Number(settings.rate.value) < Number(said.unsteady);
  if (by("experimental").hidden) settings.experimental.checked = false;
  by("count").textContent = [...by("text").value].length;
}

settings.preset.addEventListener("change", () => {
  const chosen = settings.preset.selectedOptions[0].dataset;
  if (chosen.rate === undefined) return;
  settings.rate.value = chosen.rate;
  settings.seed.value = chosen.seed;
  settings.sampler.value = chosen.sampler;
  settings.kv_cache.checked = chosen.kv === "yes";
  settings.stream.checked = chosen.stream === "yes";
  settle();
});

settings.voice.addEventListener("change", () => {
  const styles = (settings.voice.selectedOptions[0].dataset.styles ?? "").split(",").filter(Boolean);
  settings.style.replaceChildren(...(styles.length > 1 ? styles : []).map((style) => new Option(style, style)));
  by("style-label").hidden = styles.length < 2;
});

by("settings").addEventListener("change", settle);
by("text").addEventListener("input", settle);
by("speak").addEventListener("click", speak);
by("stop").addEventListener("click", () => { stop(); phase(said.stopped); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) speak();
  if (event.key === "Escape" && speaking) by("stop").click();
});
for (const form of ["settings", "reference"]) by(form).addEventListener("submit", (event) => event.preventDefault());

by("unload").addEventListener("click", async () => {
  by("unload").disabled = true;
  try {
    const freed = await (await asked("/v1/engine/unload", { method: "POST" })).json();
    by("freed").textContent = said.freed.replace("{mb}", (freed.freed_bytes / 1e6).toFixed(0));
  } catch (error) {
    notify(error.message, true);
  }
  by("unload").disabled = false;
});

// --- the reference

reference.audio_sample.addEventListener("change", () => {
  const file = reference.audio_sample.files[0];
  const player = by("clip-audio");
  if (player.src) URL.revokeObjectURL(player.src);
  by("with-clip").hidden = !file;
  by("clip-facts").replaceChildren();
  if (file) {
    player.src = URL.createObjectURL(file);
    htmx.trigger(reference.audio_sample, "castbook:clip"); // is it any good?
  } else player.removeAttribute("src");
  settings.voice.disabled = settings.style.disabled = Boolean(file);
});

by("without").addEventListener("click", () => {
  reference.audio_sample.value = "";
  reference.audio_sample.dispatchEvent(new Event("change"));
});

const drop = by("drop");
for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length) return;
  reference.audio_sample.files = event.dataTransfer.files;
  reference.audio_sample.dispatchEvent(new Event("change"));
});

const wanted = new URLSearchParams(location.search).get("voice");
if (wanted && [...settings.voice.options].some((option) => option.value === wanted)) {
  settings.voice.value = wanted;
  settings.voice.dispatchEvent(new Event("change"));
}
settle();
