"""AAC packets: one encode per chapter, joined to the sample."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mastering_sounds import fake_ffmpeg, wav

from audio import ffmpeg
from audio.packaging import aac
from audio.packaging.m4a import write_m4a
from audio.packaging.sound import ChapterFile
from audio.profiles import load_profile
from castbook.errors import BrokenPromise, StorageError

ACX = load_profile("acx")
RATE = 44100


def burst(blocks: int, marks: list[int], seed: int = 1) -> np.ndarray:
    """Faint noise with short loud tones that peak at ``marks``."""
    sound = np.random.default_rng(seed).normal(0, 8, blocks * aac.BLOCK)
    tone = np.hanning(201) * np.cos((np.arange(201) - 100) * 2 * np.pi * 3000 / RATE)
    for mark in marks:
        sound[mark - 100 : mark + 101] += 20000 * tone
    return sound.astype(np.int16)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[int], list[int]]:
    """Encoded chapters, their frames, and where the tones are in the book."""
    folder = tmp_path_factory.mktemp("aac")
    encoded, lengths, marks = [], [], []
    for number in range(3):
        blocks = 30 + 7 * number
        inside = [3000, blocks * aac.BLOCK - 2500]
        path = wav(folder / f"{number}.flac", burst(blocks, inside, number), RATE)
        chapter = ChapterFile(path, str(number), blocks * aac.BLOCK, RATE)
        aac.encode_aac(folder / f"{number}.aac", chapter, ACX)
        marks += [sum(lengths) + place for place in inside]
        encoded.append(folder / f"{number}.aac")
        lengths.append(chapter.frames)
    return encoded, lengths, marks


def decoded(path: Path) -> np.ndarray:
    output = ffmpeg.run(["-i", ffmpeg.url(path), "-f", "s16le", "pipe:1"], timeout_s=60)
    assert output.stderr.strip() == ""  # the decoder has nothing to complain about
    return np.frombuffer(output.stdout, "<i2").astype(int)


def test_a_chapter_has_one_packet_more_than_blocks(
    made: tuple[list[Path], list[int], list[int]],
) -> None:
    for path, frames in zip(made[0], made[1], strict=True):
        assert aac.count(path) == aac.packets(frames) == frames // 1024 + 1


def test_joined_chapters_decode_to_the_sum_of_their_frames_in_place(
    made: tuple[list[Path], list[int], list[int]], tmp_path: Path
) -> None:
    assert len(aac.Stream.of(made[0]).sizes) == aac.packets(sum(made[1]))
    write_m4a(tmp_path / "book.m4a", made[0], rate=RATE)
    sound = decoded(tmp_path / "book.m4a")
    assert len(sound) == sum(made[1])
    for mark in made[2]:
        around = np.abs(sound[mark - 1500 : mark + 1500])
        assert abs(int(np.argmax(around)) - 1500) <= 1, mark


def test_one_chapter_as_m4a_plays_its_frames_and_nothing_else(
    made: tuple[list[Path], list[int], list[int]], tmp_path: Path
) -> None:
    for name in ("a.m4a", "b.m4a"):
        write_m4a(tmp_path / name, made[0][1:2], rate=RATE)
    assert (tmp_path / "a.m4a").read_bytes() == (tmp_path / "b.m4a").read_bytes()
    sound = decoded(tmp_path / "a.m4a")
    assert len(sound) == made[1][1]
    assert abs(int(np.argmax(np.abs(sound[:10000]))) - 3000) <= 1


def test_again_is_the_same_and_a_gain_is_heard(tmp_path: Path) -> None:
    samples = burst(40, [5000, 20000])
    chapter = ChapterFile(wav(tmp_path / "a.flac", samples, RATE), "a", len(samples), RATE)
    for name, gain in (("a", 0.0), ("b", 0.0), ("c", -3.0)):
        aac.encode_aac(tmp_path / f"{name}.aac", chapter, ACX, gain_db=gain)
        write_m4a(tmp_path / f"{name}.m4a", [tmp_path / f"{name}.aac"], rate=RATE)
    assert (tmp_path / "a.aac").read_bytes() == (tmp_path / "b.aac").read_bytes()
    loud, soft = decoded(tmp_path / "a.m4a"), decoded(tmp_path / "c.m4a")
    change = 10 * np.log10(np.sum(soft.astype(float) ** 2) / np.sum(loud.astype(float) ** 2))
    assert change == pytest.approx(-3.0, abs=0.1)


@dataclasses.dataclass(frozen=True)
class Handed:
    """A chapter whose samples are handed to ffmpeg, as those of excerpts are."""

    chapter: ChapterFile

    @property
    def title(self) -> str:
        return self.chapter.title

    @property
    def frames(self) -> int:
        return self.chapter.frames

    @property
    def rate(self) -> int:
        return self.chapter.rate

    def pcm(self) -> Iterator[bytes]:
        return self.chapter.pcm()


def test_a_master_read_by_ffmpeg_gives_the_same_packets(tmp_path: Path) -> None:
    samples = burst(40, [5000, 20000])
    chapter = ChapterFile(wav(tmp_path / "a.flac", samples, RATE), "a", len(samples), RATE)
    for name, sound in (("a", chapter), ("b", Handed(chapter))):
        aac.encode_aac(tmp_path / f"{name}.aac", sound, ACX, gain_db=-1.5)
    assert (tmp_path / "a.aac").read_bytes() == (tmp_path / "b.aac").read_bytes()


def test_a_damaged_master_is_named(tmp_path: Path) -> None:
    """One wrong bit: the frame's checksum tells."""
    samples = burst(60, [5000, 20000])
    chapter = ChapterFile(wav(tmp_path / "a.flac", samples, RATE), "a", len(samples), RATE)
    content = bytearray(chapter.path.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    chapter.path.write_bytes(content)
    with pytest.raises(StorageError, match=r"a\.flac: the master cannot be read"):
        aac.encode_aac(tmp_path / "a.aac", chapter, ACX)
    chapter.path.write_bytes(content[: len(content) // 2])
    with pytest.raises(StorageError, match=r"a\.flac: the master cannot be read"):
        aac.encode_aac(tmp_path / "a.aac", chapter, ACX)
    assert not list(tmp_path.glob("*.aac"))


@pytest.mark.parametrize("rate", [16000, 22050, 48000])
def test_every_rate_of_masters_is_exact(tmp_path: Path, rate: int) -> None:
    samples = burst(12, [3000, 9000])
    chapter = ChapterFile(wav(tmp_path / "a.flac", samples, rate), "a", len(samples), rate)
    aac.encode_aac(tmp_path / "a.aac", chapter, ACX)
    write_m4a(tmp_path / "a.m4a", [tmp_path / "a.aac"], rate=rate)
    sound = decoded(tmp_path / "a.m4a")
    assert len(sound) == len(samples)
    assert [abs(int(np.argmax(np.abs(sound[at : at + 6000]))) - 3000) for at in (0, 6000)] == [0, 0]


def test_half_a_block_is_our_own_mistake(tmp_path: Path) -> None:
    chapter = ChapterFile(tmp_path / "none.flac", "One", 1024 * 3 + 512, RATE)
    for wrong in (chapter, dataclasses.replace(chapter, frames=0)):
        with pytest.raises(BrokenPromise, match=r"One: \d+ frames are not a whole number"):
            aac.encode_aac(tmp_path / "x.aac", wrong, ACX)
    assert not (tmp_path / "x.aac").exists()


def test_an_encoder_with_other_packets_is_noticed(
    made: tuple[list[Path], list[int], list[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lookahead of two blocks, say: nothing is cached that would shift the book."""
    chapter = ChapterFile(wav(tmp_path / "a.flac", burst(5, []), RATE), "One", 5120, RATE)
    script = f'for last; do :; done; cp "{made[0][0]}" "${{last#file:}}"'
    monkeypatch.setenv("CASTBOOK_FFMPEG", fake_ffmpeg(tmp_path, script))
    with pytest.raises(BrokenPromise, match="One: 31 AAC packets for 5120 frames where 6 were"):
        aac.encode_aac(tmp_path / "x.aac", chapter, ACX)
    assert not (tmp_path / "x.aac").exists()


def test_damaged_chapters_are_named(
    made: tuple[list[Path], list[int], list[int]], tmp_path: Path
) -> None:
    whole = made[0][0].read_bytes()
    cut, junk = tmp_path / "cut.aac", tmp_path / "junk.aac"
    cut.write_bytes(whole[:-5])
    junk.write_bytes(whole[:2000] + bytes(400) + whole[2400:])
    for path in (cut, junk):
        with pytest.raises(StorageError, match=f"{path.name}: .* delete it and run"):
            aac.count(path)
    cut.write_bytes(b"")
    assert aac.count(cut) == 0
    with pytest.raises(StorageError, match=r"gone\.aac: .* \(No such file"):
        aac.count(tmp_path / "gone.aac")
    for path, why in (
        (tmp_path / "gone.aac", "No such file"),
        (cut, "holds no sound"),
        (Path(__file__), "packet 0 at byte 0 is broken"),
    ):
        with pytest.raises(StorageError, match=why):
            aac.Stream.of([made[0][0], path])
    stream = aac.Stream.of(made[0])
    with pytest.raises(StorageError, match=r"junk\.aac: .* broken"):
        list(dataclasses.replace(stream, encoded=(made[0][0], junk)).bodies())


def test_packet_lengths_have_thirteen_bits(tmp_path: Path) -> None:
    """The largest packet and the smallest, with headers built by hand."""
    packets = b""
    for length in (8191, 8, 2048):
        sizes = [0x80 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F]
        header = bytes([0xFF, 0xF1, 0x50, *sizes, 0xFC])
        packets += header + bytes(length - 7)
    (tmp_path / "x.aac").write_bytes(packets)
    assert aac.count(tmp_path / "x.aac") == 3
