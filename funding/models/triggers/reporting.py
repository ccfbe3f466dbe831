"""What the database refuses of reports, spend, outputs, returns and changes of awards."""

from __future__ import annotations

from funding.models.triggers.rule import Rule

APPEND_ONLY = ("spend", "output", "indicator_value", "return_request", "report_reminder")
BEGINNINGS = {"report": "due", "change_request": "asked"}


def _not_of_the_funder(person: str, award: str) -> str:
    """That this person is no program officer of the award's funder, or is in its proposal."""
    return (
        "not exists (select 1 from award join commitment on commitment.id = award.commitment_id"
        f" join binding on binding.organisation_id = commitment.funder_id where award.id = {award}"
        f" and binding.person_id = {person} and binding.role = 'program_officer')"
        " or exists (select 1 from award join conflict_of_interest"
        " on conflict_of_interest.proposal_id = award.proposal_id"
        f" where award.id = {award} and conflict_of_interest.person_id = {person})"
        " or exists (select 1 from award join proposal on proposal.id = award.proposal_id"
        f" where award.id = {award} and proposal.lead_id = {person})"
        " or exists (select 1 from award join team_member"
        " on team_member.proposal_id = award.proposal_id"
        f" where award.id = {award} and team_member.person_id = {person})"
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "report_decided_by_its_funder",
        "before update of state, decided_by_id",
        "report",
        "a report is decided by a program officer of its funder who is not in conflict",
        when="new.state in ('accepted', 'sent back')"
        " and (new.state <> old.state or new.decided_by_id <> old.decided_by_id)"
        f" and ({_not_of_the_funder('new.decided_by_id', 'new.award_id')})",
    ),
    Rule(
        "report_sent_back_with_a_reason",
        "before update of state",
        "report",
        "a report is sent back with a reason",
        when="new.state = 'sent back' and old.state <> 'sent back'"
        " and trim(new.decision_reason) = ''",
    ),
    Rule(
        "report_of_own_proposal",
        "before update of handed_in_id, narrative_id",
        "report",
        "what is handed in is about the proposal of the award",
        when="(new.handed_in_id is not null and not exists (select 1 from handed_in"
        " join narrative on narrative.id = handed_in.narrative_id"
        " join award on award.proposal_id = narrative.proposal_id"
        " where handed_in.id = new.handed_in_id and award.id = new.award_id"
        " and narrative.id = new.narrative_id))"
        " or (new.narrative_id is not null and not exists (select 1 from narrative"
        " join award on award.proposal_id = narrative.proposal_id"
        " where narrative.id = new.narrative_id and award.id = new.award_id))",
    ),
    Rule(
        "accepted_report_is_fixed",
        "before update of award_id, kind, due_on, narrative_id, handed_in_id, decided_by_id",
        "report",
        "an accepted report is not changed",
        when="old.state = 'accepted'",
    ),
    Rule(
        "report_stays_its_own",
        "before update of award_id, kind",
        "report",
        "a report cannot become another",
        when="new.award_id <> old.award_id or new.kind <> old.kind",
    ),
    Rule(
        "report_is_kept",
        "before delete",
        "report",
        "a report that was handed in stays",
        when="old.state <> 'due'",
    ),
    Rule(
        "handed_in_is_fixed",
        "before update of narrative_id, number, progress, difficulties, plans, spend_note, files,"
        " handed_in_by_id, handed_in_at",
        "handed_in",
        "what was handed in is not changed; another version is handed in",
    ),
    Rule(
        "handed_in_counts_once_accepted",
        "before update of counts",
        "handed_in",
        "only a version that a funder accepted counts",
        when="new.counts and not exists (select 1 from report"
        " where report.handed_in_id = new.id and report.state = 'accepted')",
    ),
    Rule(
        "handed_in_begins_uncounted",
        "before insert",
        "handed_in",
        "only a version that a funder accepted counts",
        when="new.counts",
    ),
    Rule("handed_in_is_kept", "before delete", "handed_in", "what was handed in is kept"),
    Rule(
        "spend_of_own_award",
        "before insert",
        "spend",
        "spend is reported on an award of the same proposal",
        when="not exists (select 1 from award_budget_line"
        " join award on award.id = award_budget_line.award_id"
        " join narrative on narrative.proposal_id = award.proposal_id"
        " join handed_in on handed_in.narrative_id = narrative.id"
        " where award_budget_line.id = new.budget_line_id and handed_in.id = new.handed_in_id)",
    ),
    Rule(
        "indicator_keeps_its_meaning",
        "before update of name, unit, direction, definition",
        "indicator",
        "an indicator that was reported keeps its meaning; define another",
        when="(new.name <> old.name or new.unit <> old.unit or new.direction <> old.direction"
        " or new.definition <> old.definition) and exists (select 1 from indicator_value"
        " where indicator_value.indicator_id = old.id)",
    ),
    Rule(
        "milestone_of_own_award",
        "before insert",
        "report_milestone",
        "a tranche waits for a report of its own award, or for a milestone, not for both",
        when="not exists (select 1 from tranche join report on report.award_id = tranche.award_id"
        " where tranche.id = new.tranche_id and report.id = new.report_id"
        " and tranche.milestone = '')",
    ),
    Rule(
        "milestone_stays_its_own",
        "before update of tranche_id, report_id",
        "report_milestone",
        "a milestone is taken off, and set anew",
    ),
    Rule(
        "milestone_until_released",
        "before delete",
        "report_milestone",
        "the tranche has been released on this milestone",
        when="exists (select 1 from tranche where tranche.id = old.tranche_id"
        " and tranche.state in ('released', 'paid', 'returned'))",
    ),
    Rule(
        "tranche_waits_for_its_report",
        "before update of state",
        "tranche",
        "this tranche waits until its report is accepted",
        when="new.state in ('due', 'released') and old.state <> new.state"
        " and exists (select 1 from report_milestone"
        " join report on report.id = report_milestone.report_id"
        " where report_milestone.tranche_id = new.id and report.state <> 'accepted')",
    ),
    Rule(
        "award_ends_with_its_final_report",
        "before update of state",
        "award",
        "an award is completed once its final report is accepted",
        when="new.state = 'completed' and old.state <> 'completed' and exists (select 1 from report"
        " where report.award_id = new.id and report.kind = 'final' and report.state <> 'accepted')",
    ),
    Rule(
        "return_asked_after_the_final_report",
        "before insert",
        "return_request",
        "money is asked back on an accepted final report",
        when="not exists (select 1 from report where report.id = new.report_id"
        " and report.award_id = new.award_id and report.kind = 'final'"
        " and report.state = 'accepted')",
    ),
    Rule(
        "change_concern_decided_once",
        "before update",
        "change_concern",
        "a funder says once what it thinks of a request",
        when="old.verdict is not null or new.request_id <> old.request_id"
        " or new.award_id <> old.award_id",
    ),
    Rule(
        "change_concern_begins_open",
        "before insert",
        "change_concern",
        "a request begins undecided, on awards of its own proposal",
        when="new.verdict is not null or not exists (select 1 from change_request"
        " join award on award.proposal_id = change_request.proposal_id"
        " where change_request.id = new.request_id and award.id = new.award_id"
        " and change_request.state = 'asked')",
    ),
    Rule("change_concern_is_kept", "before delete", "change_concern", "requests are kept"),
    Rule("change_request_is_kept", "before delete", "change_request", "requests are kept"),
    Rule(
        "change_decided_by_its_funder",
        "before update of verdict, decided_by_id",
        "change_concern",
        "a request is decided by a program officer of the funder who is not in conflict",
        when="new.verdict is not null"
        f" and ({_not_of_the_funder('new.decided_by_id', 'new.award_id')})",
    ),
    Rule(
        "change_approved_by_all",
        "before update of state",
        "change_request",
        "every funder concerned has to approve first",
        when="new.state = 'approved' and old.state <> 'approved' and (exists (select 1"
        " from change_concern where change_concern.request_id = new.id"
        " and coalesce(change_concern.verdict, '') <> 'approved') or not exists (select 1"
        " from change_concern where change_concern.request_id = new.id))",
    ),
    Rule(
        "change_request_is_fixed",
        "before update of proposal_id, kind, reason, from_ends_on, ends_on, amounts_before,"
        " amounts, asked_by_id, asked_at",
        "change_request",
        "a request is not changed; it is withdrawn, and asked anew",
    ),
)
