"""What people say to a round: which gaps matter to them. Taken in, moderated, counted.

Nothing is kept of who speaks or from where. A voice is shown, and counted, once one of the round's
owners has read it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import (
    MOST_AREAS,
    Capacity,
    HiddenBecause,
    Round,
    RoundState,
    Voice,
    VoiceArea,
    VoiceState,
)
from funding.permissions import Actor, Scope, fetch, owned_rounds, public_rounds
from funding.services.log import record

LONGEST_WORDS = 600
REMOVED = "[link removed]"

_LINK = re.compile(
    r"""(?ix)
    (?: [a-z][a-z0-9+.-]{1,20}\s*:\s*//\s*\S+           # any scheme with slashes
      | (?:mailto|javascript|data|tel)\s*:\s*\S+
      | \bwww\d?\s*\.\s*\S+
      | \b[\w.+-]+@[\w-]+(?:\.[\w-]+)+                  # mail addresses
      | \b(?:[a-z0-9-]{1,63}\.)+(?:com|org|net|info|biz|io|ai|app|dev|co|me|ly|gg|tk|xyz|top|site
          |online|shop|store|club|live|link|click|ru|cn|de|uk|fr|nl|eu|in|us|su)\b(?:/\S*)?
    )"""
)
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n{3,}")


def cleaned(words: str) -> str:
    """The words as kept: plain text, links and addresses taken out, no control characters."""
    text = unicodedata.normalize("NFKC", words).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in _UNSEEN)
    text = _LINK.sub(REMOVED, text)
    return _LINES.sub("\n\n", _SPACES.sub(" ", text)).strip()


_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Control and format characters, among them those that turn the direction of a line."""


def heard_rounds(scope: Scope) -> sa.Select[tuple[Round]]:
    """Rounds that anybody may speak to: those going on, and closed ones that are public."""
    return sa.select(Round).where(
        sa.or_(
            Round.state.not_in([RoundState.DRAFT, RoundState.CLOSED]),
            Round.id.in_(public_rounds(scope).with_only_columns(Round.id)),
        )
    )


def speak(
    session: Session,
    *,
    by: Actor | None,
    round_key: str,
    areas: Sequence[str],
    words: str,
    capacity: str,
) -> Voice:
    """Take in what somebody says; `by` plays no part and is not kept.

    Raises NotFound for a round nobody may speak to, InvalidInput.
    """
    round_ = session.scalars(
        heard_rounds(Scope(now().date())).where(Round.key == round_key)
    ).one_or_none()
    if round_ is None:
        raise NotFound("round")
    text = cleaned(words)
    faults = _faults_of(round_, areas, words, capacity)
    if faults:
        raise InvalidInput(*faults)
    voice = Voice(round_id=round_.id, capacity=capacity, words=text)
    voice.areas = [VoiceArea(position=n, area_key=key) for n, key in enumerate(areas, 1)]
    session.add(voice)
    record(session, None, "voice heard", voice, organisation_id=round_.owner_id, round_id=round_.id)
    return voice


def _faults_of(round_: Round, areas: Sequence[str], words: str, capacity: str) -> list[Fault]:
    known = {area.key for area in round_.taxonomy.areas if area.parent_key is None}
    faults = []
    if not areas:
        faults.append(Fault("areas", _("Choose at least one area.")))
    elif len(areas) > MOST_AREAS:
        faults.append(Fault("areas", _("Choose at most %(most)s areas.", most=MOST_AREAS)))
    elif len(set(areas)) < len(areas) or not known.issuperset(areas):
        faults.append(Fault("areas", _("Choose from the areas of this round.")))
    if len(words) > LONGEST_WORDS:
        rule = _(
            "At most %(most)s characters; these are %(number)s.",
            most=LONGEST_WORDS,
            number=format_number(len(words)),
        )
        faults.append(Fault("words", rule))
    if capacity and capacity not in set(Capacity):
        faults.append(Fault("capacity", _("Choose from the list, or leave it open.")))
    return faults


def show_voice(session: Session, *, by: Actor, round_id: int, voice_id: int, version: int) -> Voice:
    """Let a voice be read and counted. Raises NotFound, RuleBroken."""
    round_, voice = _own_voice(session, by, round_id, voice_id, version)
    voice.state, voice.hidden_because = VoiceState.SHOWN, None
    _moderated(session, by, round_, voice, "voice shown")
    return voice


def hide_voice(
    session: Session, *, by: Actor, round_id: int, voice_id: int, version: int, reason: str
) -> Voice:
    """Keep a voice from being read and counted. Raises NotFound, RuleBroken, InvalidInput."""
    if reason not in set(HiddenBecause):
        raise InvalidInput(Fault("reason", _("Choose why it is hidden.")))
    round_, voice = _own_voice(session, by, round_id, voice_id, version)
    voice.state, voice.hidden_because = VoiceState.HIDDEN, reason
    if reason == HiddenBecause.NAMES_A_PERSON:
        voice.words = ""
    _moderated(session, by, round_, voice, "voice hidden", reason=reason)
    return voice


def _own_voice(
    session: Session, by: Actor, round_id: int, voice_id: int, version: int
) -> tuple[Round, Voice]:
    round_ = fetch(session, owned_rounds(by), round_id, "round")
    voices = sa.select(Voice).where(Voice.round_id == round_id).with_for_update()
    voice = fetch(session, voices, voice_id, "voice")
    if voice.version != version:
        raise RuleBroken(_("Somebody else looked at this voice meanwhile; see what they said."))
    return round_, voice


def _moderated(
    session: Session, by: Actor, round_: Round, voice: Voice, action: str, **detail: str
) -> None:
    voice.moderated_by_id, voice.moderated_at = by.person_id, now()
    record(
        session,
        by,
        action,
        voice,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        **detail,
    )
