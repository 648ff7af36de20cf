from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tasks.flags import Told, drifts, equal_audio, flags, jumps, strangers


def told(number: int, **more: object) -> Told:
    plain = Told(f"ch01/{number:04d}", 1, f"text {number}", "anna", f"{number}", -20.0, 1.0)
    return replace(plain, **more)  # type: ignore[arg-type]


def test_a_quiet_book_has_no_flags() -> None:
    wobble = [told(n, level_db=-20 + n % 5, pace=1 + n % 7 / 50) for n in range(300)]
    assert flags(wobble) == ()


def test_one_audio_for_different_texts_is_flagged_once() -> None:
    rows = [told(1), told(2, pcm_sha256="same"), told(3), told(9, pcm_sha256="same")]
    [flag] = equal_audio(rows)
    assert (flag.id, flag.kind) == ("ch01/0002", "equal")
    assert "ch01/0009" in flag.sentence
    assert flag.sentence.startswith("2 different texts")


def test_equal_words_may_sound_the_same() -> None:
    rows = [told(n, spoken=text, pcm_sha256="s") for n, text in enumerate(["Yes!", "“Yes.”"])]
    assert equal_audio(rows) == []


def test_a_jump_is_against_what_each_voice_usually_is() -> None:
    quiet = [told(n, voice="boris", level_db=-35.0) for n in range(10)]
    loud = [told(n + 10, level_db=-15.0) for n in range(10)]
    assert jumps([*quiet, *loud]) == []  # their gains level them
    loud[4] = replace(loud[4], level_db=-7.0)
    assert [(flag.id, flag.sentence[:10]) for flag in jumps([*quiet, *loud])] == [
        ("ch01/0014", "8 dB loude"),
        ("ch01/0015", "8 dB quiet"),
    ]
    loud[4] = replace(loud[4], chapter=2)
    loud[5:] = [replace(row, chapter=3) for row in loud[5:]]
    assert jumps([*quiet, *loud]) == []  # chapters are not heard back to back


def test_drift_needs_many_takes() -> None:
    def falling(count: int) -> list[Told]:
        return [told(n, level_db=-18 - 6 * n / count + n % 3) for n in range(count)]

    assert drifts(falling(60)) == []
    [flag] = drifts(falling(200))
    assert (flag.id, flag.kind) == ("ch01/0000", "drift")
    assert "quieter along the book" in flag.sentence
    [slow] = drifts([told(n, pace=1 + n / 1000 + n % 3 / 50) for n in range(300)])
    assert "slower" in slow.sentence


def test_a_stranger_is_told_by_what_the_voice_usually_is() -> None:
    rows = [told(n, likeness=0.8 + n % 5 / 100) for n in range(40)]
    rows += [told(n + 40, voice="boris", likeness=0.55 + n % 5 / 100) for n in range(40)]
    assert strangers(rows) == []
    rows[7] = replace(rows[7], likeness=0.57)
    rows[9] = replace(rows[9], likeness=0.70)  # less like it, and still the same voice
    [flag] = strangers(rows)
    assert (flag.id, flag.kind) == ("ch01/0007", "stranger")
    assert "0.57 like the reference of voice anna, whose takes are usually 0.82" in flag.sentence
    assert strangers(rows[:19]) == []  # of too few takes nothing is usual
    scattered = [told(n, likeness=0.3 + n % 10 / 20) for n in range(100)]
    assert strangers([*scattered, told(200, likeness=0.25)]) == []


def test_a_voice_that_leaves_its_reference_is_flagged() -> None:
    def leaving(by: float) -> list[Told]:
        return [told(n, likeness=0.85 - by * n / 200 + n % 3 / 100) for n in range(200)]

    [flag] = drifts(leaving(0.2))
    assert (flag.id, flag.kind) == ("ch01/0000", "drift")
    assert "gets less like its reference along the book: 0.15" in flag.sentence
    assert drifts(leaving(0.05)) == []


rows = st.builds(
    told,
    st.integers(0, 999),
    voice=st.sampled_from("ab"),
    level_db=st.none() | st.floats(-60, 0),
    pace=st.none() | st.floats(0.1, 5),
    likeness=st.none() | st.floats(-1, 1),
    pcm_sha256=st.sampled_from("xyz"),
)


@given(st.lists(rows, max_size=30))
def test_takes_without_figures_are_passed_over(book: list[Told]) -> None:
    without = [replace(row, level_db=None, pace=None, likeness=None) for row in book]
    assert [flag.kind for flag in flags(without)] == ["equal"] * len(equal_audio(book))
    assert all(flag.id in {row.id for row in book} for flag in flags(book))
