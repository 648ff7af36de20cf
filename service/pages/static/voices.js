// Voices: heard, uploaded with the ground on which they may be used, deleted. By the API's routes.
import { notify } from "./site.js";
import { asked, play } from "./sound.js";

const said = document.body.dataset;
const form = document.getElementById("upload");
const fields = form.elements;
const audio = document.getElementById("heard");
let speaking = null;
let styleOf = null; // the id of the voice that gets one more mood

async function hear(voice, text) {
  speaking?.abort();
  const mine = speaking = new AbortController();
  audio.pause();
  document.getElementById("hearing").hidden = false;
  notify(said.waiting);
  try {
    const answer = await asked("/v1/audio/speech", {
      method: "POST", headers: { "Content-Type": "application/json" }, signal: mine.signal,
      body: JSON.stringify({ voice, input: text, response_format: "mp3" }),
    });
    await play(answer, audio, "mp3", true, () => notify(""));
  } catch (error) {
    if (error.name !== "AbortError") notify(error.message, true);
  }
}

function clip(address) {
  speaking?.abort();
  document.getElementById("hearing").hidden = false;
  audio.src = address;
  audio.play().catch(() => { /* the controls are there */ });
}

async function remove(address, name, question) {
  if (!confirm(question.replace("{name}", name))) return;
  try {
    await asked(address, { method: "DELETE" });
    notify(said.removed.replace("{name}", name));
    refresh();
  } catch (error) {
    notify(error.message, true);
  }
}

const refresh = () => htmx.trigger(document.getElementById("people"), "castbook:voices");

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { voice, text, clip: address, delete: gone, withdraw, styleOf: mood, name } = button.dataset;
  if (voice) hear(voice, text);
  if (address) clip(address);
  if (gone) remove(`/v1/audio/voices/${encodeURIComponent(gone)}`, name, said.sureDelete);
  if (withdraw) remove(`/v1/audio/voice_consents/${encodeURIComponent(withdraw)}`, name, said.sureWithdraw);
  if (mood) another(mood, name);
});

// The form asks for one more mood of a voice; null: for a voice.
function another(voice, name) {
  styleOf = voice;
  const line = document.getElementById("style-of");
  line.hidden = !voice;
  line.querySelector("span").textContent = name ?? "";
  for (const own of form.querySelectorAll(".of-voice")) {
    own.hidden = Boolean(voice);
    for (const field of own.querySelectorAll("input, select")) field.disabled = Boolean(voice);
  }
  fields.style.required = Boolean(voice);
  (voice ? fields.style : fields.name).focus();
}

document.getElementById("new-voice").addEventListener("click", () => another(null));

form.addEventListener("change", () => {
  const basis = fields.basis.value;
  document.getElementById("with-recording").hidden = basis !== "recording";
  fields.recording.required = basis === "recording";
  document.getElementById("with-holder").hidden = basis !== "licensed" && basis !== "recording";
  fields.rights_holder.required = basis === "licensed";
  const known = document.getElementById("with-known");
  if (known) known.hidden = basis !== "known";
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button.first");
  button.disabled = true;
  document.getElementById("advice").replaceChildren();
  try {
    const made = await (styleOf ? addStyle() : addVoice());
    notify(said.added.replace("{name}", made.name));
    for (const one of made.advice ?? []) {
      const item = document.createElement("li");
      item.textContent = one;
      document.getElementById("advice").append(item);
    }
    form.reset();
    another(null);
    form.dispatchEvent(new Event("change"));
    refresh();
  } catch (error) {
    notify(error.message, true);
  }
  button.disabled = false;
});

async function addStyle() {
  const sent = taken("audio_sample", "style", "transcript", "language");
  return (await asked(`/v1/audio/voices/${encodeURIComponent(styleOf)}/styles`, { method: "POST", body: sent })).json();
}

async function addVoice() {
  const basis = fields.basis.value;
  const sent = taken("audio_sample", "name", "style", "transcript", "language");
  if (fields.shared.checked) sent.append("shared", "true");
  if (basis === "licensed") sent.append("rights_holder", fields.rights_holder.value);
  if (basis === "recording") sent.append("consent", await consent());
  else sent.append("consent", basis === "known" ? fields.consent_id.value : basis);
  return (await asked("/v1/audio/voices", { method: "POST", body: sent })).json();
}

async function consent() {
  const sent = taken("recording", "name", "rights_holder", "scope", "expires");
  sent.append("language", fields.language.value || document.documentElement.lang);
  return (await (await asked("/v1/audio/voice_consents", { method: "POST", body: sent })).json()).id;
}

function taken(...names) {
  const sent = new FormData();
  for (const name of names) {
    const field = fields[name];
    const value = field.type === "file" ? field.files[0] : field.value.trim();
    if (value) sent.append(name, value);
  }
  return sent;
}

const drop = document.getElementById("drop");
for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) fields.audio_sample.files = event.dataTransfer.files;
});
