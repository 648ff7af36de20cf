"""Captions: read back by an independent reader, nothing lost, nothing overlapping."""

from __future__ import annotations

import re

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.readalong.breaks import breaks, flat
from audio.readalong.captions import captions, srt, vtt
from audio.readalong.words import printed_words, timed_spans
from audio.timeline import Cue, Timeline

RATE = 44100
LONG = (
    "It was a dark and stormy night; the rain fell in torrents — except at occasional "
    "intervals, when it was checked by a violent gust of wind which swept up the streets "
    "(for it is in London that our scene lies), rattling along the house-tops."
)
CHINESE = (
    "鲁镇的酒店的格局，是和别处不同的：都是当街一个曲尺形的大柜台，柜里面预备着热水，可以随时温酒。"
    "做工的人，傍午傍晚散了工，每每花四文铜钱，买一碗酒，“热热的喝了休息。”"
)
texts = st.one_of(
    st.text(st.sampled_from("ab .,;“”'—é&<>中文字，。“”！\n\t-"), max_size=300),
    st.lists(st.sampled_from(LONG.split()), max_size=70).map(" ".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
)


def chapter(*cues: tuple[float, float, str, str]) -> Timeline:
    made = tuple(
        Cue(f"{n:010x}", round(start * RATE), round(end * RATE), speaker, text, "speech")
        for n, (start, end, speaker, text) in enumerate(cues)
    )
    return Timeline(RATE, round((cues[-1][1] + 3) * RATE), made)


def split(text: str) -> list[tuple[int, tuple[str, ...]]]:
    """(offset of the caption's first character, its lines)."""
    return [(lines[0][0], tuple(flat(text[a:b]) for a, b in lines)) for lines in breaks(text)]


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


@given(text=texts)
def test_no_character_is_lost_and_no_line_is_too_wide(text: str) -> None:
    shown = split(text)
    lines = [line for _, pair in shown for line in pair]
    assert bare("".join(lines)) == bare(text)
    assert all(len(pair) in (1, 2) for _, pair in shown)
    offsets = [offset for offset, _ in shown]
    assert offsets == sorted(set(offsets))
    for line in lines:
        # a word is never torn, nor a combining mark taken from what stands before it
        assert len(line) <= 42 or not any(map(str.isalnum, "".join(line.split()[1:])))
        assert line == " ".join(line.split())


@given(text=texts, other=texts)
def test_times_never_overlap_and_stay_inside(text: str, other: str) -> None:
    timeline = chapter((0.75, 9.5, "Anna", text), (9.5, 9.6, "B", other), (10.1, 12, "C", "Hm."))
    at = 0
    for caption in captions(timeline):
        assert at <= caption.start <= caption.end <= timeline.frames * 1000 // RATE
        at = caption.end


@given(text=texts, name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9))
def test_markup_in_texts_and_names_stays_text(text: str, name: str) -> None:
    content = vtt(chapter((0, 5, name, text)), text)
    assert content.startswith("WEBVTT")
    for block in content.split("\n\n")[1:]:
        timing, _, body = block.partition("\n")
        assert timing.count("-->") == 1 and "-->" not in body
        assert re.fullmatch(r"<v [^<>]*>[^<>]*</v>\n?", body)
        assert "\n\n" not in body


@pytest.mark.parametrize("form", ["vtt", "srt"])
def test_an_independent_reader_reads_the_same(form: str) -> None:
    timeline = chapter(
        (0.75, 14.0, "Watson", LONG), (14.35, 15.0, "孔乙己", CHINESE), (16, 16.2, "A & <b>", "No.")
    )
    content = vtt(timeline, "One & two") if form == "vtt" else srt(timeline)
    read = pysubs2.SSAFile.from_string(content, format_=form)
    mine = list(captions(timeline))
    assert [(line.start, line.end) for line in read] == [(c.start, c.end) for c in mine]
    texts = [line.plaintext.replace("</v>", "") for line in read]
    assert [bare(text) for text in texts] == [bare("".join(c.lines)) for c in mine]
    assert read[0].start == 750
    assert read[-1].end == 17000  # a short one stays up in the pause after it


def test_the_speaker_is_named_in_vtt() -> None:
    content = vtt(chapter((0, 2, "Dr. <Watson> & Co", "a < b --> c")), "T")
    assert "<v Dr. &lt;Watson&gt; &amp; Co>a &lt; b --&gt; c</v>" in content
    assert "00:00:00.000 --> 00:00:02.000" in content


def test_srt_has_no_escapes_so_arrows_and_tags_are_disarmed() -> None:
    content = srt(chapter((3600.5, 3602, "A", "x --> <i>y</i> 1 < 2")))
    assert content == "1\n01:00:00,500 --> 01:00:02,000\nx → ‹i>y‹/i> 1 < 2\n"


def test_cuts_prefer_ends_of_sentences_and_clauses() -> None:
    text = "He had gone. " + "I waited there for a very long time, " * 2 + "and then I left."
    ends = [pair[-1][-1] for _, pair in split(text)]
    assert all(end in ".," for end in ends)
    chinese = [line for _, pair in split(CHINESE) for line in pair]
    assert all(len(line) <= 16 for line in chinese)
    assert not any(line[0] in "，。：！”" or line[-1] in "“" for line in chinese)


def test_word_times_win_over_the_share_of_the_text() -> None:
    words = LONG.split()
    begins, at = [], 0
    for word in words:
        begins.append(at)
        at += len(word) + 1
    # the first half of the words takes a tenth of the time
    slow = RATE * 20
    frames = [
        slow // 10 * n // (len(words) // 2) if n < len(words) // 2 else slow // 10 + n * slow // 100
        for n in range(len(words))
    ]
    times = tuple((b, b + len(w), f) for b, w, f in zip(begins, words, frames, strict=True))
    cue = Cue("0a", 0, slow, "A", LONG, "speech", times)
    found = list(captions(Timeline(RATE, slow, (cue,))))
    offsets = [offset for offset, _ in split(LONG)]
    for caption, offset in zip(found, offsets, strict=True):
        assert caption.start == frames[begins.index(offset)] * 1000 // RATE
    without = list(captions(Timeline(RATE, slow, (Cue("0a", 0, slow, "A", LONG, "speech"),))))
    assert without[1].start > found[1].start + 1000


def test_words_of_another_text_do_no_harm() -> None:
    cue = Cue("0a", 0, RATE, "A", "Short.", "speech", ((0, 5, 0), (90, 95, RATE // 2)))
    assert [c.lines for c in captions(Timeline(RATE, RATE, (cue,)))] == [("Short.",)]


def test_a_text_of_nothing_gives_no_caption() -> None:
    assert list(captions(chapter((0, 1, "A", " \n ")))) == []
    assert srt(chapter((0, 1, "A", ""))) == ""


def test_a_whole_book_of_text_is_cut_in_linear_time() -> None:
    shown = split("word " * 4000)
    assert len(shown) >= 4000 * 5 // 85


SAID = "“Come, Mr. Holmes,” I said; it was 1890 and a very long way to go before the night fell."


def timed() -> Timeline:
    words = tuple(
        (match.start(), match.end(), RATE // 5 * n)
        for n, match in enumerate(re.finditer(r"\w+", SAID))
    )
    return Timeline(RATE, RATE * 5, (Cue("0a", 0, RATE * 4, "Dr. A", SAID, "speech", words),))


def test_word_times_stand_inside_the_captions_and_nothing_else_changes() -> None:
    content = vtt(timed(), "T", note="Synthetic -->\n\n narration.", words=True)
    assert "NOTE Synthetic --&gt; narration." in content
    blocks = content.split("\n\n")[2:]
    begin = "<v Dr. A><c>“Come,</c> <00:00:00.200><c>Mr.</c> <00:00:00.400><c>Holmes,”</c> "
    assert blocks[0].splitlines()[1].startswith(begin)
    for block, caption in zip(blocks, captions(timed()), strict=True):
        _, _, body = block.strip().partition("\n")
        inside = [
            int(m[1]) * 60_000 + int(m[2]) * 1000 + int(m[3])
            for m in re.finditer(r"<00:(\d\d):(\d\d)\.(\d\d\d)>", body)
        ]
        assert inside == [ms for _, _, ms in caption.words]
        edges = [caption.start, *inside, caption.end]
        assert edges == sorted(set(edges))
        assert re.sub("<.*?>", "", body).split("\n") == list(caption.lines)
    without = vtt(timed(), "T", note="Synthetic -->\n\n narration.")
    assert re.sub(r"<0[^>]*>|</?c>", "", content) == without
    assert without != content


@given(
    st.lists(
        st.tuples(st.text("ab .,", max_size=6), st.none() | st.text("xy z", max_size=6)),
        max_size=6,
    )
)
def test_word_times_of_what_was_said_become_those_of_what_is_printed(
    parts: list[tuple[str, str | None]],
) -> None:
    printed = spoken = ""
    edits, times = [], []
    for text, said in parts:
        if said is not None:
            edits.append((len(printed), len(printed) + len(text), said))
        printed += text
        spoken += text if said is None else said
    spoken = spoken.strip()
    for n, match in enumerate(re.finditer(r"[^ ]+", spoken)):
        times.append((*match.span(), n))
    found = printed_words(times, printed, spoken, edits)
    assert Cue("0a", 0, len(times) + 1, "A", printed, "speech", found)
    assert all(0 <= a < b <= len(printed) for a, b, _ in found)
    assert [f for _, _, f in found] == sorted({f for _, _, f in found})
    Timeline(RATE, 100, (Cue("0a", 0, 99, "A", printed, "speech", found),))  # in order
    if not edits:
        strip = len(printed) - len(printed.lstrip())
        assert found == tuple((a + strip, b + strip, f) for a, b, f in times)


def test_a_replaced_stretch_begins_when_its_first_word_is_said() -> None:
    spoken = "Mister Holmes came in eighteen ninety."
    times = [(m.start(), m.end(), m.start() * 100) for m in re.finditer(r"\w+", spoken)]
    edits = [(0, 3, "Mister"), (19, 23, "eighteen ninety")]
    printed = "Mr. Holmes came in 1890."
    found = printed_words(times, printed, spoken, edits)
    assert [(printed[a:b], f) for a, b, f in found] == [
        ("Mr.", 0), ("Holmes", 700), ("came", 1400), ("in", 1900), ("1890", 2200)
    ]  # fmt: skip
    assert printed_words(times, printed, "Something else.", edits) == ()


def test_sentences_begin_with_their_first_word() -> None:
    text = "One two. “Three” four! 5. Six."
    spans = [(0, 8), (9, 22), (23, 25), (26, 30)]
    words = ((0, 3, 10), (4, 7, 20), (10, 15, 30), (17, 21, 40), (26, 29, 50))
    cue = Cue("0a", 5, 99, "A", text, "speech", words)
    # nobody knows when "5." is said: it goes with what is before
    assert timed_spans(cue, spans) == ((0, 8, 5, 30), (9, 25, 30, 50), (26, 30, 50, 99))
    for plain in (timed_spans(Cue("0a", 5, 99, "A", text, "speech"), spans), timed_spans(cue, [])):
        assert plain == ((0, 30, 5, 99),)
