"""What a meeting leaves behind stays: packs once made, seals, remarks, steps of live sessions."""

from __future__ import annotations

from funding.models.triggers.committee import in_conflict
from funding.models.triggers.rule import Rule

APPEND_ONLY = ("pack_remark", "pack_seal", "pack_file", "live_remark")


def _out_of_the_room(person: str, step: str) -> str:
    """Whether the person is in conflict over a proposal of the round of this step."""
    return (
        "exists (select 1 from live_step join live_session"
        " on live_session.id = live_step.session_id"
        " join proposal on proposal.round_id = live_session.round_id"
        f" where live_step.id = {step} and (proposal.lead_id = {person}"
        " or exists (select 1 from conflict_of_interest"
        " where conflict_of_interest.proposal_id = proposal.id"
        f" and conflict_of_interest.person_id = {person})"
        " or exists (select 1 from team_member where team_member.proposal_id = proposal.id"
        f" and team_member.person_id = {person})"
        " or exists (select 1 from binding where"
        f" binding.person_id = {person} and binding.organisation_id = proposal.institution_id)))"
    )


def _closed(step: str, condition: str) -> str:
    return (
        "not exists (select 1 from live_step join live_session"
        f" on live_session.id = live_step.session_id where live_step.id = {step}"
        f" and live_session.closed_at is null and {condition})"
    )


_OPEN_TO_VOTES = "live_session.is_voting_open and live_session.current = live_step.number"

RULES: tuple[Rule, ...] = (
    Rule(
        "pack_once_made",
        "before update",
        "pack",
        "a pack that was made is never changed",
        when="old.state = 'ready'",
    ),
    Rule("pack_is_kept", "before delete", "pack", "packs are kept"),
    Rule(
        "pack_remark_before_the_seal",
        "before insert",
        "pack_remark",
        "this pack is sealed; nothing is added to it",
        when="exists (select 1 from pack_seal where pack_seal.pack_id = new.pack_id)"
        " or not exists (select 1 from pack where pack.id = new.pack_id"
        " and pack.state = 'ready')",
    ),
    Rule(
        "pack_remark_without_conflict",
        "before insert",
        "pack_remark",
        "a person in conflict is out of the room",
        when=in_conflict(
            "new.person_id", "(select pack.plan_id from pack where pack.id = new.pack_id)"
        ),
    ),
    Rule(
        "pack_seal_of_a_made_pack",
        "before insert",
        "pack_seal",
        "a pack is sealed by the decision on its own plan, once it is made",
        when="not exists (select 1 from pack join endorsement"
        " on endorsement.plan_id = pack.plan_id where pack.id = new.pack_id"
        " and endorsement.id = new.endorsement_id and pack.state = 'ready')",
    ),
    Rule(
        "live_step_once_settled",
        "before update",
        "live_step",
        "a step that was settled is never changed",
        when="old.state <> 'waiting'",
    ),
    Rule("live_step_is_kept", "before delete", "live_step", "steps are kept"),
    Rule(
        "live_step_while_open",
        "before insert",
        "live_step",
        "this session is closed",
        when="exists (select 1 from live_session where live_session.id = new.session_id"
        " and live_session.closed_at is not null)",
    ),
    Rule(
        "live_session_once_closed",
        "before update",
        "live_session",
        "a closed session stays as it is",
        when="old.closed_at is not null",
    ),
    Rule("live_session_is_kept", "before delete", "live_session", "sessions are kept"),
    *(
        Rule(
            f"live_vote_{name}",
            f"before {act}",
            "live_vote",
            "votes on this step are not open",
            when=_closed("new.step_id", _OPEN_TO_VOTES),
        )
        for name, act in (("while_open", "insert"), ("changed_while_open", "update"))
    ),
    Rule(
        "live_vote_without_conflict",
        "before insert",
        "live_vote",
        "a person in conflict is out of the room",
        when=_out_of_the_room("new.person_id", "new.step_id"),
    ),
    Rule(
        "live_vote_stays_with_its_voter",
        "before update of step_id, person_id",
        "live_vote",
        "a vote stays with its voter and its step",
        when="new.step_id <> old.step_id or new.person_id <> old.person_id",
    ),
    Rule("live_vote_is_kept", "before delete", "live_vote", "votes are kept"),
    Rule(
        "live_remark_while_open",
        "before insert",
        "live_remark",
        "this session is closed",
        when=_closed("new.step_id", "live_session.closed_at is null"),
    ),
    Rule(
        "live_remark_without_conflict",
        "before insert",
        "live_remark",
        "a person in conflict is out of the room",
        when=_out_of_the_room("new.person_id", "new.step_id"),
    ),
)
