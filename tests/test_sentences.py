"""The English catalogue holds every sentence we say, and nothing else."""

from __future__ import annotations

from bot import tongue
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


def test_the_file_is_read_as_babel_reads_it() -> None:
    """One line a sentence, each once: our reader knows no more of the format."""
    babel = {
        one: (message.string,) if isinstance(message.id, str) else tuple(message.string)
        for message in catalogue()
        if (one := message.id if isinstance(message.id, str) else message.id[0])
    }
    assert dict(tongue.catalogue("en")) == babel
    lines = sentences.CATALOGUE.read_text(encoding="utf-8").splitlines()
    heads = [line for line in lines if line.startswith("msgid ")]
    assert len(heads) == len(set(heads))
