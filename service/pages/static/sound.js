// Sound that is heard while it comes: into an <audio>, by a MediaSource where the browser can.

export const KINDS = {
  mp3: "audio/mpeg", aac: "audio/aac", wav: "audio/wav", pcm: "audio/wav", opus: "audio/ogg", flac: "audio/flac",
};
const PCM_RATE = 24000; // of the form "pcm", which says nothing of itself
const KEPT_S = 20; // of what was heard stays in the browser's buffer when that is full

// Whether a browser plays this form before it is complete.
export function playsEarly(form) {
  return ["mp3", "aac"].includes(form) && "MediaSource" in window && MediaSource.isTypeSupported(KINDS[form]);
}

// Problems of the service as errors with one sentence.
export async function asked(address, options) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(document.body.dataset.offline);
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  let detail = text;
  try {
    const said = JSON.parse(text);
    detail = said.error?.message ?? said.detail ?? text;
  } catch { /* no JSON */ }
  throw new Error(document.body.dataset.failed.replace("{detail}", detail.slice(0, 400)));
}

// Plays an answer as it comes. Returns all of it as a Blob; `came` hears of the first bytes.
export async function play(answer, audio, form, early, came) {
  const reader = answer.body.getReader();
  const parts = [];
  const feed = early && playsEarly(form) ? await fed(audio, KINDS[form]) : null;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (!parts.length) came();
      parts.push(part.value);
      await feed?.append(part.value);
    }
  } catch (error) {
    feed?.end();
    throw error;
  }
  const whole = new Blob(filled(parts, form), { type: KINDS[form] });
  if (feed) feed.end();
  else source(audio, URL.createObjectURL(whole));
  return whole;
}

function source(audio, address) {
  if (audio.src.startsWith("blob:")) URL.revokeObjectURL(audio.src);
  audio.src = address;
  audio.play().catch(() => { /* the browser wants one more click: the controls are there */ });
}

async function fed(audio, kind) {
  const media = new MediaSource();
  source(audio, URL.createObjectURL(media));
  await new Promise((open) => media.addEventListener("sourceopen", open, { once: true }));
  const buffer = media.addSourceBuffer(kind);
  const settled = () => new Promise((done) => buffer.addEventListener("updateend", done, { once: true }));
  return {
    async append(bytes) {
      for (;;) {
        if (media.readyState !== "open") return; // another sound took the player
        try {
          buffer.appendBuffer(bytes);
          return await settled();
        } catch (error) {
          if (error.name !== "QuotaExceededError") throw error;
          await heard(audio, buffer, settled);
        }
      }
    },
    end() {
      if (media.readyState === "open" && !buffer.updating) media.endOfStream();
    },
  };
}

// Makes room: what was heard some time ago goes; until then it waits.
async function heard(audio, buffer, settled) {
  await new Promise((later) => setTimeout(later, 500));
  if (audio.currentTime > KEPT_S && buffer.buffered.length && buffer.buffered.start(0) < audio.currentTime - KEPT_S) {
    buffer.remove(0, audio.currentTime - KEPT_S);
    await settled();
  }
}

// A WAV that was streamed does not know its length, and pcm has no header: written in.
function filled(parts, form) {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  if (form === "pcm") return [header(size), ...parts];
  if (form !== "wav" || !parts.length || parts[0].length < 44) return parts;
  const head = parts[0].slice();
  const view = new DataView(head.buffer);
  if (view.getUint32(40, true) === 0xffffffff) {
    view.setUint32(4, size - 8, true);
    view.setUint32(40, size - 44, true);
  }
  return [head, ...parts.slice(1)];
}

function header(size) {
  const view = new DataView(new ArrayBuffer(44));
  const words = (at, text) => [...text].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
  words(0, "RIFF");
  view.setUint32(4, size + 36, true);
  words(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, PCM_RATE, true);
  view.setUint32(28, PCM_RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  words(36, "data");
  view.setUint32(40, size, true);
  return view;
}
