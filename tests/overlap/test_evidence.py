"""Sentences side by side: which belong together, and which of their words are the same."""

from __future__ import annotations

import time

import pytest

from funding.overlap.evidence import Passage, sentences, shared_passages
from funding.overlap.minilm import is_installed


def same(passage: Passage) -> list[str]:
    return [piece.text for piece in passage.pieces if piece.is_same]


def test_the_same_words_are_marked_within_sentences_that_belong_together() -> None:
    left, right = shared_passages(
        "Bees are counted. We plant 38 kilometres of mixed hedge along 26 orchards.",
        "We will plant 38 kilometres of mixed hedge beside 26 old orchards. Nothing else is alike.",
    )
    assert [p.match for p in left] == [None, 1]
    assert [p.match for p in right] == [1, None]
    assert same(left[1]) == same(right[0]) == ["plant 38 kilometres of mixed hedge"]
    for passage in (*left, *right):
        assert "".join(piece.text for piece in passage.pieces) == passage.text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Costs rise by 3.5 per cent. It is, e.g. so, seen. Next!", 3),
        ("我们采集污水。统计模型给出预测！结果公开？是的。", 4),
        ("نربط المقاييس بالإذاعات. هل سمعوا الإنذار؟ نعم سمعوه.", 3),
        ("यह पहला वाक्य है। यह दूसरा है।", 2),
        ("", 0),
        ("   \n\n  ", 0),
        ("no stop at all", 1),
    ],
)
def test_sentences_end_as_their_writing_has_it(text: str, count: int) -> None:
    assert len(sentences(text)) == count


def test_sentences_without_spaces_are_paired_and_marked() -> None:
    left, right = shared_passages(
        "我们每周两次采集十四家医院的污水。", "团队每周两次采集二十家医院的污水。"
    )
    assert left[0].match == right[0].match == 1
    assert "每周两次采集" in same(left[0])


def test_a_megabyte_is_read_in_bounded_time() -> None:
    long = "We count the bees in orchards again and again every spring. " * 17_000
    began = time.monotonic()
    left, _ = shared_passages(long, long[7:])
    assert time.monotonic() - began < 20
    assert len(left) == 17_000
    shared_passages("x" * 1_000_000, "." * 1_000_000)


@pytest.mark.skipif(not is_installed(), reason="the sentence model is not installed")
def test_sentences_that_say_the_same_in_other_words_are_paired_by_sense() -> None:
    from funding.overlap.sentences import Sentences

    one = "The children are taught to play the violin for free."
    other = "Kids get violin lessons without paying anything."
    left, right = shared_passages(one, f"Blades are stopped at night. {other}", Sentences().vectors)
    assert left[0].match == right[1].match == 1
    assert left[0].is_sense
    assert shared_passages(one, other)[0][0].match is None
