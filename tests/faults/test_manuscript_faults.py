"""Every faulty manuscript gives its one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest
from manuscripts import FAULTS, Fault

from book.readers import read_manuscript
from castbook.errors import ManuscriptError

FEWEST = 30


def test_there_are_enough_and_each_is_another() -> None:
    assert len(FAULTS) >= FEWEST
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_one_clear_line(fault: Fault, tmp_path: Path) -> None:
    path = tmp_path / fault.file
    if fault.content is not None:
        path.write_bytes(fault.content)
    with pytest.raises(ManuscriptError) as caught:
        read_manuscript(
            (path,),
            names=(f"text/{fault.file}",),
            known_speakers=fault.speakers,
            **fault.options,
        )
    line = str(caught.value)
    place = "" if fault.options else f"text/{fault.file}"
    assert line.startswith(f"{place}:{fault.line}: " if fault.line else place), line
    rest = line
    for fragment in fault.says:
        assert fragment in rest, (fragment, line)
        rest = rest[rest.index(fragment) + len(fragment) :]
    assert "\n" not in line
    assert str(tmp_path) not in line
    assert len(line) < 300
    assert caught.value.exit_code == 2


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ManuscriptError, match="it is a folder; expected a file"):
        read_manuscript((tmp_path,))
