"""The index: what is put is found, what is dropped is gone, what is saved is read again whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from funding.overlap.index import Index, Near
from funding.overlap.storage import MANIFEST, SavedMeanwhile
from funding.overlap.works import Work

PROBES = Work("proposal:1", "Probes", "We test whether language models know when they are tested.")
EDITED = Work(
    "proposal:2", "Probing", "We will test whether models know when they are being tested."
)
OTHER = Work("award:3", "Fellows", "A fellowship brings civil servants together to draft a law.")


def ids(found: list[Near]) -> list[str]:
    return [near.id for near in found]


def test_the_nearest_text_comes_first_and_itself_never() -> None:
    index = Index()
    index.put([PROBES, EDITED, OTHER])
    assert ids(index.nearest(PROBES))[0] == "proposal:2"
    assert "proposal:1" not in ids(index.nearest(PROBES))
    assert ids(index.nearest(PROBES, besides={"proposal:2"}))[:1] in ([], ["award:3"])
    asked = Work("new", "", PROBES.text)
    assert index.nearest(asked, count=1)[0].id == "proposal:1"


def test_the_same_text_is_as_alike_as_can_be() -> None:
    index = Index()
    index.put([PROBES, OTHER])
    assert index.nearest(Work("copy", PROBES.title, PROBES.text))[0] == Near("proposal:1", 1.0)
    assert index.similarity(PROBES, Work("copy", PROBES.title, PROBES.text)) == 1.0


def test_putting_the_same_text_again_changes_nothing_and_another_replaces_it() -> None:
    index = Index()
    assert index.put([PROBES, OTHER]) == 2
    assert index.put([PROBES]) == 0
    assert index.put([Work("proposal:1", OTHER.title, OTHER.text)]) == 1
    assert len(index) == 2
    assert index.nearest(OTHER)[0] == Near("proposal:1", 1.0)


def test_what_was_dropped_is_not_found() -> None:
    index = Index()
    index.put([PROBES, EDITED, OTHER])
    assert index.drop(["proposal:2", "nobody"]) == 1
    assert sorted(index.ids()) == ["award:3", "proposal:1"]
    assert "proposal:2" not in ids(index.nearest(PROBES))


def test_a_saved_index_is_read_again_as_it_was(tmp_path: Path) -> None:
    index = Index.open(tmp_path)
    index.put([PROBES, EDITED, OTHER])
    index.save()
    index.put([Work("award:4", "More", "Another civil servant drafts another law.")])
    index.drop(["proposal:2"])
    index.save()
    again = Index.open(tmp_path)
    assert again.ids() == index.ids()
    assert again.nearest(OTHER) == index.nearest(OTHER)
    assert again.put([PROBES]) == 0


def test_what_was_not_saved_is_not_there_and_half_a_file_does_no_harm(tmp_path: Path) -> None:
    index = Index.open(tmp_path)
    index.put([PROBES])
    index.save()
    index.put([OTHER])
    (tmp_path / "rows-half.packed.npy").write_bytes(b"half")
    assert Index.open(tmp_path).ids() == ["proposal:1"]
    index.save()
    assert Index.open(tmp_path).ids() == ["proposal:1", "award:3"]


def test_an_index_of_another_method_opens_empty_and_says_so(tmp_path: Path) -> None:
    index = Index.open(tmp_path)
    index.put([PROBES])
    index.save()
    said = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**said, "fingerprint": "another-1"}))
    other = Index.open(tmp_path)
    assert len(other) == 0
    assert other.was_of_another_method
    other.put([OTHER])
    other.save()
    assert Index.open(tmp_path).ids() == ["award:3"]


def test_of_two_that_save_the_later_is_refused_and_sees_that_it_is_behind(tmp_path: Path) -> None:
    one, other = Index.open(tmp_path), Index.open(tmp_path)
    one.put([PROBES])
    one.save()
    assert other.is_behind
    other.put([OTHER])
    with pytest.raises(SavedMeanwhile):
        other.save()
    assert Index.open(tmp_path).ids() == ["proposal:1"]


def test_many_saves_end_in_few_files(tmp_path: Path) -> None:
    index = Index.open(tmp_path)
    for at in range(40):
        index.put([Work(f"grant:{at}", "", f"{PROBES.text} Version {at}.")])
        index.save()
    assert len(list(tmp_path.iterdir())) < 60
    assert len(Index.open(tmp_path)) == 40


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="no text method"):
        Index("guesses")
