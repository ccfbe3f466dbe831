"""Whatever stands in a text, nothing breaks and nothing is alike by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from funding.overlap.evidence import shared_passages
from funding.overlap.index import Index
from funding.overlap.methods import NAMES
from funding.overlap.minilm import is_installed
from funding.overlap.probability import judge
from funding.overlap.texts import LONGEST, plain, readable
from funding.overlap.works import Someone, Work

HOSTILE = {
    "html": "<script>alert(1)</script><b onclick='x'>Bees &amp; hedges</b> <!-- note -->",
    "broken html": "<" * 5_000 + "a b " + ">" * 5_000,
    "right to left": "\u202eנחל ופרדס\u202c مقياس النهر",
    "emoji": "🐝🐝🐝 🌳 👩‍🔬 🏳️‍🌈",
    "a megabyte": "hedge and bee " * 75_000,
    "a megabyte without a space": "b" * 1_000_000,
    "empty": "",
    "spaces": " \t\n\u00a0\u3000 ",
    "punctuation": "?!... --- ,,, ;;;",
    "half a pair": "bees \ud83d and \udc1d hedges",
    "control signs": "bees\x00\x07\x1b[31m hedges\ufeff\u200b",
    "marks without a letter": "\u0301\u0301\u0301\u064b\u064b",
    "growing under normalisation": "\ufdfa" * 2_000,
    "chinese": "我们在果园里数蜜蜂。",
}
PLAIN = Work("plain", "Bees", "We count bees in orchards with hedges.")


@pytest.mark.parametrize("method", NAMES)
def test_every_text_is_put_found_saved_and_read_again(method: str, tmp_path: Path) -> None:
    if method == "sentences" and not is_installed():
        pytest.skip("the sentence model is not installed: make embeddings")
    works = [Work(name, text, text) for name, text in HOSTILE.items()]
    index = Index.open(tmp_path, method)
    index.put([*works, PLAIN])
    index.save()
    again = Index.open(tmp_path, method)
    assert again.ids() == [*HOSTILE, "plain"]
    for work, near in zip(works, again.nearest_of(works), strict=True):
        assert all(0 < n.similarity <= 1 for n in near), work.id
    for name in ("empty", "spaces", "punctuation"):
        if method == "characters":
            assert again.nearest(Work("asked", "", HOSTILE[name])) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_every_text_is_judged_and_laid_side_by_side(name: str) -> None:
    work = Work(
        name, HOSTILE[name], HOSTILE[name], (Someone(HOSTILE[name][:80]),), HOSTILE[name][:80]
    )
    for other in (work, PLAIN):
        judgement = judge(work, other, 0.1)
        assert 0 <= judgement.probability <= 1
        left, right = shared_passages(work.text, other.text)
        assert all("".join(p.text for p in side.pieces) == side.text for side in (*left, *right))


def test_markup_and_direction_marks_do_not_hide_a_copy() -> None:
    index = Index()
    index.put([PLAIN])
    disguised = "<p>" + PLAIN.text.replace(" ", " \u200b") + "</p>\u202e"
    assert index.nearest(Work("copy", PLAIN.title, disguised))[0].similarity > 0.95


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("Évaluation précoce", "evaluation precoce"),
        ("ﬁnancing of oﬃces", "financing of offices"),
        ("كِتَابٌ", "كتاب"),
    ],
)
def test_one_spelling_for_what_is_read_alike(one: str, other: str) -> None:
    assert plain(one) == plain(other)


def test_long_texts_are_cut_and_signs_that_nobody_sees_are_left_out() -> None:
    assert len(plain("bee " * 1_000_000)) <= LONGEST
    assert readable("a\u202eb\ud83dc\x00d") == "abc d"
