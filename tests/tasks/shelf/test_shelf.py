"""The shelf: names of clients, the library on the disk, uploads by many, consents."""

from __future__ import annotations

import datetime as dt
import io
import multiprocessing
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import yaml
from audio_takes import silence
from clipmaking import RATE, WORDS, spoken

from book.projectfile import load_project
from castbook.errors import ConsentError, InputError, StorageError, VoiceError
from castbook.files import write_text
from tasks.shelf.aliases import aliases
from tasks.shelf.cards import NEUTRAL
from tasks.shelf.consents import Consent, new_id
from tasks.shelf.intake import Upload, add_style, add_voice, remove_voice
from tasks.shelf.library import Library
from tasks.shelf.samples import Sample, read_bytes, trimmed
from tasks.shelf.shelf import Shelf
from tasks.speech.wishes import SpeechWish
from tasks.voices import Voices

CLONING = "engines: {openai: {base_url: 'http://127.0.0.1:9/v1', references: true}}\n"
SELF = {"basis": "self"}


def wav(pcm: np.ndarray, rate: int = RATE) -> bytes:
    memory = io.BytesIO()
    soundfile.write(memory, pcm, rate, format="WAV")
    return memory.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library with an engine that clones."""
    library = tmp_path / "library"
    Shelf(library).voices()
    with (library / "library.yaml").open("a") as file:
        file.write(CLONING)
    return library


def sample(seed: int = 3, words: str = WORDS) -> Sample:
    sound = spoken(4.0, seed)
    return Sample(sound, RATE, words, (), {})


def upload(name: str = "Anna", seed: int = 3, **changes: object) -> Upload:
    return Upload(**{"name": name, "sample": sample(seed), "engine": "openai", "consent": SELF,
                     **changes})  # fmt: skip


def test_a_library_is_made_on_first_use_and_a_book_can_use_it(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "library")
    assert {v.id for v in shelf.voices()} >= {"en-us", "cmn"}
    licensed = {"basis": "licensed", "holder": "A"}
    add_voice(shelf.library, upload(consent=licensed))
    book = tmp_path / "book"
    book.mkdir()
    (book / "story.md").write_text("# One\n\nHe came home late.\n")
    voice = next(v for v in shelf.voices() if v.uploaded)
    (book / "project.yaml").write_text(yaml.safe_dump({
        "version": 1, "title": "T", "author": "A", "language": "en", "manuscript": "story.md",
        "library": "../library", "narrator": voice.id,
        "engines": {"openai": {"base_url": "http://127.0.0.1:9/v1", "references": True}},
    }))  # fmt: skip
    speaker = Voices(load_project(book)).speaker(voice.id)
    assert speaker.voice.reference is not None and speaker.voice.reference.transcript == WORDS
    assert speaker.setup.name == "openai"
    assert speaker.consent == licensed


@pytest.mark.parametrize("engine", ["espeak", "kokoro", "tone", "openai"])
@pytest.mark.parametrize("language", ["en", "en-GB", "zh-CN"])
def test_the_names_of_openai_fit_every_engine(tmp_path: Path, engine: str, language: str) -> None:
    shelf = Shelf(tmp_path, engine)
    for alias in aliases().values():
        voice = shelf.find(alias.name, language)
        base = language.partition("-")[0]
        assert any(tag == "*" or tag.split("-")[0] in (base, "cmn") for tag in voice.languages)
        assert voice.gender == alias.gender or voice.name == voice.preset, alias.name
        assert voice.engine == engine and voice.preset
    women = {shelf.find(n, language).preset for n, a in aliases().items() if a.gender == "f"}
    assert len(women) >= 4


def test_no_name_is_the_voice_of_the_language(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.speaker(SpeechWish("你好"), "zh").voice.preset == "cmn"
    assert shelf.speaker(SpeechWish("Hello"), "en").voice.preset == "en-us"
    assert shelf.find("kokoro/af_heart").engine == "kokoro"


def test_the_libraries_narrator_speaks_where_nobody_is_named(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.find("").id == "en-us"
    write_text(
        tmp_path / "library.yaml",
        "version: 1\nengine: espeak\nnarrator: low\nvoices: {low: {preset: en-us+m8}}\n",
    )
    assert shelf.find("").id == "low"  # read again at once
    assert shelf.speaker(SpeechWish("Hello"), "en").voice.preset == "en-us+m8"
    assert shelf.find("", "zh").id == "cmn"
    assert shelf.find("", engine="tone").engine == "tone"
    write_text(tmp_path / "library.yaml", "version: 1\nnarrator: nobody\n")
    with pytest.raises(VoiceError, match="narrator 'nobody' is no voice"):
        shelf.find("")


def test_an_unknown_name_is_one_line_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=r"^voice: there is no voice 'aloy'; .*mean alloy\?"):
        Shelf(tmp_path).find("aloy")


@pytest.mark.parametrize("key", ["host", "base_url", "checkpoint"])
def test_a_client_sets_no_option_of_the_operator(tmp_path: Path, key: str) -> None:
    with pytest.raises(InputError, match="belongs to the operator"):
        Shelf(tmp_path).speaker(SpeechWish("x", options={key: {"python": "/bin/sh"}}), "en")


def test_an_upload_is_a_voice_until_it_is_removed(folder: Path) -> None:
    shelf = Shelf(folder)
    card, new = add_voice(shelf.library, upload(language="en", description="an old\nwoman"))
    assert new
    voice = shelf.find("Anna")
    assert (voice.id, voice.uploaded, voice.engine) == (card.id, True, "openai")
    assert voice.description == "an old woman" and voice.styles == (NEUTRAL,)
    assert shelf.voices()[0] == voice
    speaker = shelf.speaker(SpeechWish("Good evening.", card.id), "en")
    assert speaker.voice.reference is not None and speaker.voice.style == NEUTRAL
    remove_voice(shelf.library, card.id)
    assert not list((folder / "voices").iterdir())
    with pytest.raises(VoiceError):
        shelf.find(card.id)


def test_the_same_upload_again_is_the_same_voice(folder: Path) -> None:
    library = Shelf(folder).library
    first, new = add_voice(library, upload())
    again, second = add_voice(library, upload())
    assert (new, second) == (True, False) and first.id == again.id
    with pytest.raises(VoiceError, match="there is a voice called 'Anna'"):
        add_voice(library, upload(seed=9))


def test_names_belong_to_principals(folder: Path) -> None:
    shelf = Shelf(folder)
    mine, _ = add_voice(shelf.library, upload(owner="me"))
    yours, _ = add_voice(shelf.library, upload(seed=9, owner="you"))
    assert shelf.find("Anna", owner="me").id == mine.id
    assert shelf.find("Anna", owner="you").id == yours.id
    assert [v.id for v in shelf.voices("me") if v.uploaded] == [mine.id]
    with pytest.raises(VoiceError, match="2 voices are called"):
        shelf.find("Anna")
    with pytest.raises(VoiceError, match="no voice"):
        shelf.find(mine.id, owner="you")


def test_moods_of_one_voice(folder: Path) -> None:
    shelf = Shelf(folder)
    card, _ = add_voice(shelf.library, upload(style="calm"))
    assert add_style(shelf.library, card.id, "alarm", sample(9))
    assert not add_style(shelf.library, card.id, "alarm", sample(9))
    with pytest.raises(VoiceError, match="there is a style 'alarm'"):
        add_style(shelf.library, card.id, "alarm", sample(11))
    assert shelf.find("Anna").styles == ("calm", "alarm")
    calm, alarm = (
        shelf.speaker(SpeechWish("x", card.id, style=style), "en") for style in ("", "alarm")
    )
    assert (calm.voice.style, alarm.voice.style) == ("calm", "alarm")
    assert calm.voice.digest != alarm.voice.digest
    with pytest.raises(VoiceError, match="has no style 'whisper'"):
        shelf.speaker(SpeechWish("x", card.id, style="whisper"), "en")


def _upload_three(folder: Path, start: int) -> None:
    library = Library(folder, "espeak")
    for number in range(start, start + 3):
        add_voice(library, upload(f"v{number}", seed=number))


def test_uploads_of_several_processes_lose_nothing(folder: Path) -> None:
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_upload_three, args=(folder, n * 3)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    names = {voice.name for voice in Shelf(folder).voices() if voice.uploaded}
    assert names == {f"v{n}" for n in range(9)}


def test_nothing_is_left_of_an_upload_that_could_not_be_entered(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Shelf(folder).library
    monkeypatch.setattr("tasks.shelf.library.SIZE_LIMIT", 10)
    with pytest.raises(StorageError, match="full"):
        add_voice(library, upload())
    assert not list((folder / "voices").iterdir())


def test_a_mistake_by_hand_hides_no_other_voice(folder: Path) -> None:
    shelf = Shelf(folder)
    with (folder / "library.yaml").open("a") as file:
        file.write("voices:\n  good: {preset: en-us}\n  bad: {presett: en-us}\n")
        file.write("  gone: {engine: none, preset: x}\n")
    assert shelf.find("good").id == "good"
    with pytest.raises(InputError, match="no engine called 'none'"):
        shelf.speaker(SpeechWish("x", "gone"), "en")
    with pytest.raises(VoiceError, match=r"'bad' of the library cannot be used: presett"):
        shelf.find("bad")
    (folder / "library.yaml").write_text("voices: [\n")
    with pytest.raises(StorageError, match=r"library\.yaml:2: a"):
        shelf.voices()


def test_a_warm_speaker_costs_less_than_two_milliseconds(folder: Path) -> None:
    shelf = Shelf(folder)
    consent = Consent(new_id(), "A", "en", 1)
    shelf.consents.add(consent, sample().pcm, RATE)
    record = {"basis": "self", "record": f"consents/{consent.id}.yaml"}
    card, _ = add_voice(shelf.library, upload(consent=record, consent_id=consent.id))
    for n in range(30):
        add_voice(shelf.library, upload(f"v{n}", seed=n))
    wish = SpeechWish("x", card.id)
    shelf.speaker(wish, "en")
    began = time.process_time()
    for _ in range(50):
        shelf.speaker(wish, "en")
    assert (time.process_time() - began) / 50 < 0.002


def test_a_withdrawn_or_expired_consent_silences_its_voices(folder: Path) -> None:
    today = dt.date(2999, 11, 21)
    shelf = Shelf(folder, today=lambda: today)
    consent = Consent(new_id(), "A", "en", 1, expires="2999-11-21")
    shelf.consents.add(consent, sample().pcm, RATE)
    record = {"basis": "licensed", "holder": "A", "record": f"consents/{consent.id}.yaml"}
    card, _ = add_voice(shelf.library, upload(consent=record, consent_id=consent.id))
    wish = SpeechWish("x", card.id)
    assert shelf.speaker(wish, "en").consent == record
    today = dt.date(2999, 11, 22)
    with pytest.raises(ConsentError, match="expired on 2999-11-21"):
        shelf.speaker(wish, "en")
    today = dt.date(2999, 11, 1)
    assert shelf.voices()[0].consented
    shelf.consents.withdraw(consent)
    assert not shelf.voices()[0].consented
    with pytest.raises(ConsentError, match="withdrawn"):
        shelf.speaker(wish, "en")
    again = Consent(new_id(), "A", "en", 2)
    shelf.consents.add(again, sample().pcm, RATE)
    renewed = record | {"record": f"consents/{again.id}.yaml"}
    same, new = add_voice(shelf.library, upload(consent=renewed, consent_id=again.id))
    assert (same.id, new, same.consent) == (card.id, False, again.id)
    assert shelf.speaker(wish, "en").consent == renewed
    shelf.consents.withdraw(again)
    assert shelf.consents.get(consent.id) is None and shelf.consents.all() == ()
    assert not list((folder / "consents").glob("*.flac"))


def test_a_book_does_not_speak_with_a_withdrawn_voice(folder: Path, tmp_path: Path) -> None:
    shelf = Shelf(folder)
    consent = Consent(new_id(), "A", "en", 1)
    shelf.consents.add(consent, sample().pcm, RATE)
    record = {"basis": "self", "record": f"consents/{consent.id}.yaml"}
    card, _ = add_voice(shelf.library, upload(consent=record))
    book = tmp_path / "book"
    book.mkdir()
    (book / "story.md").write_text("# One\n\nHe came home late.\n")
    (book / "project.yaml").write_text(
        "version: 1\ntitle: T\nauthor: A\nlanguage: en\nmanuscript: story.md\n"
        f"library: ../library\nnarrator: own\nvoices: {{own: {{preset: en-us}}}}\n"
        f"cast: {{anna: {{voice: {card.id}}}}}\n"
    )
    assert Voices(load_project(book)).speaker(card.id).consent == record
    shelf.consents.withdraw(consent)
    voices = Voices(load_project(book))  # the book itself still loads
    assert voices.speaker("own").voice.preset == "en-us"
    with pytest.raises(ConsentError, match=r"project\.yaml: voices\..*withdrawn"):
        voices.speaker(card.id)


def test_a_damaged_record_silences_its_voice_and_hides_no_other(folder: Path) -> None:
    shelf = Shelf(folder)
    consent = Consent(new_id(), name="Anna Ek", created_at=1, owner="")
    shelf.consents.add(consent, spoken(2.0), RATE)
    record = {"basis": "self", "record": f"consents/{consent.id}.yaml"}
    card, _ = add_voice(shelf.library, upload(consent=record, consent_id=consent.id))
    write_text(folder / "consents" / f"{consent.id}.yaml", "object: [\n")
    assert {v.id: v.consented for v in shelf.voices()}[card.id] is False
    with pytest.raises(ConsentError, match="the record of its consent cannot be read"):
        shelf.speaker(SpeechWish("Hello.", voice=card.id), "en")


def test_an_engine_that_is_not_there_is_told_with_its_field(folder: Path) -> None:
    with pytest.raises(VoiceError, match=r"^engine: there is no engine called 'zzz'; expected one"):
        Shelf(folder).cloning_engine("zzz")


def test_a_style_that_is_not_there_is_told_without_words_of_a_project(folder: Path) -> None:
    shelf = Shelf(folder)
    card, _ = add_voice(shelf.library, upload(style="calm"))
    with pytest.raises(VoiceError) as caught:
        shelf.speaker(SpeechWish("Hello.", voice=card.id, style="sad"), "en")
    assert str(caught.value) == "style: voice 'Anna' has no style 'sad'; expected one of calm"
    with pytest.raises(VoiceError) as caught:
        shelf.speaker(SpeechWish("Hello.", voice="en-us", style="sad"), "en")
    assert str(caught.value) == "style: voice 'en-us' has no style 'sad'; expected no style"


def test_a_hand_made_voice_without_consent_is_refused(folder: Path) -> None:
    shelf = Shelf(folder)
    card, _ = add_voice(shelf.library, upload())
    text = (folder / "library.yaml").read_text()
    (folder / "library.yaml").write_text(text.replace("    consent: {basis: self}\n", ""))
    assert not shelf.find(card.id).consented
    with pytest.raises(ConsentError, match="has no consent"):
        shelf.speaker(SpeechWish("x", card.id), "en")


def test_a_clip_may_visit_for_one_request(folder: Path) -> None:
    shelf = Shelf(folder)
    clip = wav(spoken(4.0, 5))
    voice = shelf.visiting(clip, WORDS, SELF)
    assert shelf.visiting(clip, WORDS, SELF).id == voice.id
    speaker = shelf.speaker(SpeechWish("x", voice.id), "en")
    assert speaker.voice.reference is not None and speaker.consent == SELF
    assert not any(v.uploaded for v in shelf.voices())
    assert sorted(p.name for p in folder.iterdir()) == ["library.yaml"]
    with pytest.raises(ConsentError, match="on what ground"):
        shelf.visiting(clip, WORDS, {})
    with pytest.raises(VoiceError, match="audio_sample: this is not audio"):
        shelf.visiting(b"ffconcat version 1.0\nfile /etc/passwd\n", WORDS, SELF)


def test_a_visitor_needs_words_where_its_engine_does(folder: Path) -> None:
    shelf = Shelf(folder)
    voice = shelf.visiting(wav(spoken(4.0, 5)), "", SELF)
    reference = shelf.speaker(SpeechWish("x", voice.id), "en").voice.reference
    assert reference is not None and reference.transcript is None
    with pytest.raises(VoiceError, match="transcript: nobody says"):
        shelf.visiting(wav(spoken(4.0, 5)), "", SELF, engine="glm")


def test_needlessly_high_rates_are_brought_down(tmp_path: Path) -> None:
    high = soxr.resample(spoken(4.0, 3), RATE, 192_000)
    found = read_bytes(wav(high, 192_000), tmp_path, WORDS, "en")
    assert (found.rate, found.facts["rate"]) == (48_000, 192_000)
    assert abs(len(found.pcm) - 4 * 48_000) < 9600 and found.pcm.dtype == np.int16


def test_silent_edges_are_cut_off_and_told(tmp_path: Path) -> None:
    sound = np.concatenate((silence(1.0, RATE), spoken(4.0, 3), silence(2.0, RATE)))
    found = read_bytes(wav(sound), tmp_path, WORDS, "en")
    assert len(found.pcm) < 4.5 * RATE and found.facts["seconds"] == 7.0
    assert any("at its end were cut off" in line for line in found.advice)
    again, cut = trimmed(found.pcm, RATE)
    assert cut == (0.0, 0.0) and len(again) == len(found.pcm)


def test_words_are_told_or_heard_and_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="transcript: nobody says"):
        read_bytes(wav(spoken(4.0, 3)), tmp_path, " ", "en")
    with pytest.raises(VoiceError, match="transcript: the transcript does not belong"):
        read_bytes(wav(spoken(4.0, 3)), tmp_path, WORDS * 9, "en")
