"""Only closed rounds are published; what people said to a round stays as they said it."""

from __future__ import annotations

from funding.models.triggers.rule import Rule

APPEND_ONLY = ("voice_area",)
BEGINNINGS = {"voice": "waiting"}

_CLOSED = "exists (select 1 from round where round.id = new.round_id and round.state = 'closed')"

RULES: tuple[Rule, ...] = (
    Rule(
        "publication_begins_closed",
        "before insert",
        "publication",
        "only a closed round is published",
        when=f"new.is_public and not {_CLOSED}",
    ),
    Rule(
        "publication_of_closed",
        "before update of is_public, published_at",
        "publication",
        "only a closed round is published",
        when="new.is_public and (not old.is_public or new.published_at <> old.published_at)"
        f" and not {_CLOSED}",
    ),
    Rule(
        "publication_of_its_round",
        "before update of round_id",
        "publication",
        "a publication stays with its round",
    ),
    Rule("publication_is_kept", "before delete", "publication", "what was published is on record"),
    Rule(
        "voice_to_a_known_round",
        "before insert",
        "voice",
        "nobody has heard of a draft yet",
        when="exists (select 1 from round where round.id = new.round_id and round.state = 'draft')",
    ),
    Rule(
        "voice_stays_as_said",
        "before update of round_id, capacity, words, received_at",
        "voice",
        "nobody changes what others said",
        when="new.round_id <> old.round_id or new.capacity <> old.capacity"
        " or new.received_at <> old.received_at"
        " or (new.words <> old.words and not (new.words = '' and new.state = 'hidden'))",
    ),
    Rule("voice_is_kept", "before delete", "voice", "a voice is hidden, not deleted"),
)
