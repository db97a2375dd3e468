"""What `siyu explain` says of a recorded day is what the log shows, and a wrong word of it is noticed."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.storm import telling

DELIVERED = "state = 'delivered' AND channel = 'wecom' AND campaign_id IS NOT NULL"
NO_CONSENT = "reason = 'no_consent' AND campaign_id IS NOT NULL"
WRONG = {
    "denied": ("state = 'expired', reason = 'guide_never_confirmed'", DELIVERED),
    "left out": ("state = 'excluded', reason = 'no_consent', sent_at = NULL", DELIVERED),
    "another hour": ("sent_at = datetime(sent_at, '+1 hour')", DELIVERED),
    "another guide": ("guide_id = 1 + guide_id % 2", DELIVERED),
    "made up": ("state = 'delivered', channel = 'kf', sent_at = planned_at", NO_CONSENT),
    "another reason": ("reason = 'opted_out'", NO_CONSENT),
    "no lot": ("state = 'holdout', reason = 'holdout'", NO_CONSENT),
    "an unknown word": ("reason = 'bad_words'", NO_CONSENT),
}


async def test_what_is_explained_of_a_day_is_what_its_log_shows(recorded):
    said, wrong = await telling.disagreements(recorded, seed=7, pairs=40)
    assert wrong == []
    assert said.keys() >= {"delivered", "excluded no_consent", "not_in_audience"}


@pytest.mark.parametrize("how", WRONG)
async def test_a_wrong_word_is_noticed(recorded: Path, tmp_path: Path, how: str):
    for file in recorded.iterdir():
        if file.is_file() and file.name != "bot.out":
            shutil.copy(file, tmp_path)
    change, where = WRONG[how]
    with sqlite3.connect(tmp_path / "siyu.db") as db:
        (touch, person, campaign), *_ = db.execute(
            f"SELECT id, customer_id, campaign_id FROM touch WHERE {where} ORDER BY id"
        )
        db.execute(f"UPDATE touch SET {change} WHERE id = ?", (touch,))
    db.close()
    assert await telling.noticed(tmp_path, [(person, campaign)])
