"""A sealed file is whole or is not there; whoever reads it while it is written again reads the one before."""

from __future__ import annotations

import pytest

from bot.store.sealed_files import PIECE, Sealing, Torn, pieces

ABOUT = "test.rows"
LONG = b"a row of somebody\n" * (PIECE // 9)


def read(path, vault) -> bytes:
    return b"".join(pieces(path, vault, about=ABOUT))


def test_what_was_there_stays_until_the_new_one_is_whole(tmp_path, vault):
    path = tmp_path / "rows.sealed"
    with Sealing(path, vault, about=ABOUT) as kept:
        kept.write(LONG)
        assert not path.exists()
    with Sealing(path, vault, about=ABOUT) as kept:
        kept.write(b"second")
        assert read(path, vault) == LONG
    assert read(path, vault) == b"second"


def test_one_that_was_broken_off_leaves_nothing_behind(tmp_path, vault):
    with pytest.raises(OSError, match="full"):
        _break_off(tmp_path / "rows.sealed", vault)
    assert list(tmp_path.glob("rows*")) == []


def test_a_file_that_lost_its_end_is_torn(tmp_path, vault):
    path = tmp_path / "rows.sealed"
    with Sealing(path, vault, about=ABOUT) as kept:
        kept.write(LONG)
    path.write_bytes(path.read_bytes()[: PIECE + PIECE // 2])
    with pytest.raises(Torn):
        read(path, vault)


def _break_off(path, vault) -> None:
    with Sealing(path, vault, about=ABOUT) as kept:
        kept.write(LONG)
        raise OSError("disk full")
