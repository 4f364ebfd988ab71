"""The field's own language: no private term as an identifier, no private phrase in a sentence.

`python test/test_words.py [TREE [FOLDER]]` prints the findings.
"""

from __future__ import annotations

import sys
from pathlib import Path

from house_words import ALLOWED, PHRASES, TERMS, findings, findings_in_code, main, phrases, refused, split_words

ROOT = Path(__file__).resolve().parents[1]


def words_of(tmp_path: Path, source: str) -> list[str]:
    path = tmp_path / "module.py"
    path.write_text(source)
    return [finding.word for finding in findings_in_code(path)]


def test_the_checkout_uses_the_terms_of_the_field() -> None:
    found = [f"{finding.path.relative_to(ROOT)}:{finding.line}: {finding.found}" for finding in findings(ROOT)]
    assert not found, "\n".join([*found[:20], f"{len(found)} in all: python test/test_words.py prints them"])


def test_a_word_is_refused_wherever_a_name_may_have_it(tmp_path: Path) -> None:
    source = """
class WaySampler:
    def hear(self, told, *, answer=None):
        self.intake = most = 1
        return self.give(place_m=self.verdict)
import numpy as seam
"""
    assert sorted(words_of(tmp_path, source)) == [
        *("answer", "hear", "intake", "most", "place", "seam", "told", "verdict", "way"),
    ]


def test_a_word_inside_another_and_a_word_of_the_field_are_kept(tmp_path: Path) -> None:
    """Only whole words count: `turning` is not `turn`, `almost` not `most`."""
    assert split_words("_MAXWaySampler_m2") == ["max", "way", "sampler", "m"]
    assert not words_of(tmp_path, "returned = pathway = almost = seamless = marker_ns = belief = 1\n")


def test_names_of_several_words_are_refused_as_a_whole(tmp_path: Path) -> None:
    source = "put_to_work(odometry_m, odometry_max_m, _where_wanted)\n"
    assert sorted(words_of(tmp_path, source)) == ["_where_wanted", "odometry_m", "put_to_work"]


def test_a_method_of_a_library_may_be_called_and_not_defined(tmp_path: Path) -> None:
    assert not words_of(tmp_path, "numpy.take(rows, 1)\naxes.tick_params()\nGrid(row_shares=[1])\n")
    assert words_of(tmp_path, "def take(rows): return rows.take\n") == ["take", "take"]
    assert all(any(word in TERMS for word in split_words(name)) for name in ALLOWED), "an entry without use"


def test_a_phrase_is_refused_in_docstrings_messages_comments_and_pages_over_line_breaks(tmp_path: Path) -> None:
    source = '''
"""Windows by
the way."""
# Whoever walks here
# starts anew.
raise ValueError(f"{1}: nobody counts metres")  # of the window
'''
    assert sorted(words_of(tmp_path, source)) == [
        *("anew", "by the way", 'comment that begins with "of"', "nobody", "whoever"),
    ]
    (page,) = phrases(tmp_path / "page.md", "first line\nin level\naxes", 1)
    assert (page.line, page.word, page.term) == (2, "level axes", PHRASES["level axes"])


def test_plain_english_stays_plain_english(tmp_path: Path) -> None:
    text = "At most a third say so; turn left where they stand, share a place, take 2 s and answer what it tells."
    assert not list(phrases(tmp_path / "page.md", text, 1))


def test_the_standard_terms_pass() -> None:
    assert not [term for term in TERMS.values() for name in term.split(", ") if list(refused(name))]


if __name__ == "__main__":
    main(sys.argv[1:])
