from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio.pcm import pcm_sha256, read_flac, write_flac
from tasks.takes import Recording, TakeStore, TakeVerdict

GOOD = TakeVerdict(True, True, (), 0, 1)
KEY = "ab" + "0" * 62


def recording(key: str = KEY, level: int = 100, verdict: TakeVerdict = GOOD) -> Recording:
    pcm = np.full(2400, level, np.int16)
    return Recording(key, pcm, 24000, verdict, ((0, 4, 120),), {"spoken": "Hi."}, {}, 0, 0.1)


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path / "takes")


def test_a_take_comes_back_as_it_was_published(store: TakeStore) -> None:
    published = store.publish(recording())
    assert store.get(KEY) == published
    pcm, rate = read_flac(published.audio)
    assert (rate, pcm_sha256(pcm)) == (24000, published.pcm_sha256)
    assert published.words == ((0, 4, 120),)
    assert list(store) == [KEY]


def test_nothing_is_there_before_anything_is_published(store: TakeStore) -> None:
    assert store.get(KEY) is None
    assert list(store) == []


def test_the_first_writer_wins_and_the_duplicate_is_counted(store: TakeStore) -> None:
    first = store.publish(recording(level=100))
    second = store.publish(recording(level=200))
    assert second == first
    assert store.discarded == 1


def test_audio_without_sidecar_is_no_take(store: TakeStore) -> None:
    published = store.publish(recording())
    store.sidecar_path(KEY).unlink()
    assert store.get(KEY) is None
    assert published.audio.exists()


def test_a_sidecar_without_audio_is_no_take_and_is_replaced(store: TakeStore) -> None:
    store.publish(recording(level=100)).audio.unlink()
    assert store.get(KEY) is None
    again = store.publish(recording(level=200))
    assert store.get(KEY) == again
    assert again.pcm_sha256 == pcm_sha256(read_flac(again.audio)[0])


def test_audio_left_by_a_dead_writer_is_described_not_replaced(store: TakeStore) -> None:
    left = np.full(4800, 7, np.int16)
    store.audio_path(KEY).parent.mkdir(parents=True)
    write_flac(store.audio_path(KEY), left, 24000)
    take = store.publish(recording())
    assert (take.frames, take.pcm_sha256) == (4800, pcm_sha256(left))
    assert take.words == ()  # they belonged to other samples


def test_audio_damaged_by_a_dying_disk_is_replaced(store: TakeStore) -> None:
    store.audio_path(KEY).parent.mkdir(parents=True)
    store.audio_path(KEY).write_bytes(b"fLaC rubbish")
    take = store.publish(recording())
    assert take.frames == 2400
    assert read_flac(take.audio)[1] == 24000


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 1}', "null"])
def test_a_damaged_sidecar_commits_nothing(store: TakeStore, text: str) -> None:
    store.publish(recording())
    store.sidecar_path(KEY).write_text(text)
    assert store.get(KEY) is None
    assert store.publish(recording()).frames == 2400
    assert store.get(KEY) is not None


def test_no_temporary_file_stays(store: TakeStore, tmp_path: Path) -> None:
    store.publish(recording())
    store.publish(recording(level=5))
    assert not list(tmp_path.rglob(".tmp-*"))


def test_many_writers_of_one_key_agree(tmp_path: Path) -> None:
    stores = [TakeStore(tmp_path / "takes") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(store.publish, recording(level=100 + number))
            for number, store in enumerate(stores)
        ]
        published = [job.result() for job in jobs]
    final = stores[0].get(KEY)
    assert final is not None
    assert final.pcm_sha256 == pcm_sha256(read_flac(final.audio)[0])
    assert {take.pcm_sha256 for take in published} == {final.pcm_sha256}


def test_times_and_hosts_stand_apart(store: TakeStore) -> None:
    store.publish(recording())
    sidecar = json.loads(store.sidecar_path(KEY).read_text())
    assert {"made", "host", "seconds"} <= set(sidecar.pop("circumstances"))
    assert "host" not in json.dumps(sidecar)


def test_discard_leaves_nothing(store: TakeStore) -> None:
    take = store.publish(recording())
    store.discard(KEY)
    assert store.get(KEY) is None
    assert not take.audio.exists()
    store.discard(KEY)


def test_speech_tokens_come_back_as_they_were_given(store: TakeStore) -> None:
    rows = ((5, 32767, -1, 0), (), (7,))
    store.publish(replace(recording(), tokens=rows))
    assert store.tokens(KEY) == rows
    other = "cd" + "0" * 62
    assert store.tokens(other) == ()
    store.publish(recording(other))
    assert store.tokens(other) == ()
    assert "tokens" not in store.sidecar(other)
    store.discard(KEY)
    assert store.tokens(KEY) == ()


def test_tokens_of_other_audio_than_stands_there_are_not_stored(store: TakeStore) -> None:
    published = store.publish(replace(recording(level=100), tokens=((1, 2),)))
    store.sidecar_path(KEY).unlink()
    store.publish(replace(recording(level=200), tokens=((3, 4),)))
    assert store.tokens(KEY) == ()  # its writer's are lost, and these would be wrong
    store.sidecar_path(KEY).unlink()
    store.publish(replace(recording(level=100), tokens=((1, 2),)))
    assert store.tokens(KEY) == ((1, 2),)
    assert published.audio.exists()


def test_how_like_its_voice_a_take_is(store: TakeStore) -> None:
    store.publish(replace(recording(), signals={"similarity": 0.8125}))
    take = store.get(KEY)
    assert take is not None
    assert take.similarity == 0.8125
