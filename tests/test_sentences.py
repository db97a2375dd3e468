"""The English catalogue holds every sentence we say, and nothing else."""

from __future__ import annotations

from tests import sentences
from tests.sentences import PLACEHOLDER, catalogue, ids


def test_every_sentence_stands_in_the_catalogue() -> None:
    said = sentences.in_templates() | sentences.in_code()
    assert {text: where for text, where in said.items() if text not in ids()} == {}


def test_no_entry_is_left_over() -> None:
    said = sentences.in_templates().keys() | sentences.in_code().keys() | sentences.anywhere()
    assert ids() - said == set()


def test_every_entry_is_translated_and_keeps_its_placeholders() -> None:
    for message in catalogue():
        if message.id:
            one = message.id if isinstance(message.id, str) else message.id[0]
            said = [message.string] if isinstance(message.string, str) else message.string
            assert all(said), one
            assert not any(sentences.CHINESE.search(text) for text in said), one
            for text in said:
                assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(one)), one
