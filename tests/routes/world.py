"""A whole round with one of everything, so that every address of the site can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    AssignmentState,
    Attachment,
    Award,
    BankDetails,
    BankLine,
    BankStatement,
    ChangeConcern,
    ChangeRequest,
    Commitment,
    CompensatingReview,
    ConflictOfInterest,
    DashboardNote,
    DeclineLetter,
    DiligenceCheck,
    EvidenceFile,
    FormQuestion,
    HistoricGrant,
    Import,
    Indicator,
    Introduction,
    KnownName,
    LineState,
    LiveSession,
    Mail,
    NameMerge,
    NameSearch,
    Organisation,
    OutsideOverlap,
    Overlap,
    Pack,
    Payment,
    PaymentBatch,
    Person,
    Pin,
    Reversal,
    ReviewAssignment,
    ReviewCriterion,
    ReviewDeclaration,
    ReviewerAbsence,
    ReviewForm,
    Role,
    RoundEnquiry,
    RoundFunder,
    RoundReviewer,
    SteppingBack,
    Study,
    TeamMember,
    Tranche,
    Transfer,
    Voice,
)
from funding.permissions import Actor
from funding.services import ledger
from funding.services.decisions import approve_lines
from funding.services.funder_terms import add_item
from funding.services.mail import put_into_outbox
from funding.services.offering import send_offer
from funding.services.open_offers import sign
from funding.services.reporting import schedule
from tests.builders import (
    make_commitment,
    make_organisation,
    make_person,
    make_plan,
    make_proposal,
    make_round,
)


@dataclass(frozen=True)
class Side:
    """The ids to fill addresses with, and the e-mail address of a person in each role."""

    ids: dict[str, object]
    people: dict[Role, str]


def make_side(session: Session) -> Side:
    """One committee, funder and institution with a person in every role, and all they work on."""
    committee = make_organisation(session, "committee")
    funder = make_organisation(session, "funder")
    institution = make_organisation(session, "institution")
    platform = make_organisation(session, "platform")
    homes = {
        Role.PLATFORM_ADMIN: platform,
        Role.RESEARCHER: institution,
        Role.REVIEWER: committee,
        Role.COMMITTEE: committee,
    }
    people = {role: make_person(session, homes.get(role, funder), role) for role in Role}
    colleague = Actor.of(make_person(session, funder, Role.PROGRAM_OFFICER))
    finance = make_person(session, funder, Role.FINANCE_OFFICER)

    round_ = make_round(session, committee)
    commitment = make_commitment(session, round_, funder)
    make_commitment(session, round_, make_organisation(session))
    invited = make_organisation(session)
    round_.participants.append(RoundFunder(funder=invited))
    round_.questions.append(FormQuestion(position=0, key="use", label="Who will use it?"))
    enquiry = RoundEnquiry(
        round_id=round_.id, question="May a team of one apply?", answer="Yes.", answered_at=now()
    )
    lead = people[Role.RESEARCHER]
    proposal = make_proposal(session, round_, institution=institution, lead=lead)
    member = TeamMember(position=0, name="Somebody", role="engineer")
    proposal.team.append(member)
    attachment = Attachment(
        name="plan.pdf", media_type="application/pdf", size=3, sha256="0" * 64, added_by_id=lead.id
    )
    proposal.attachments.append(attachment)
    other = make_proposal(session, round_)
    overlap = Overlap(round_id=round_.id, first=proposal, second=other, degree=0.5)
    batch = Import(
        kind="history",
        organisation_id=funder.id,
        filename="grants.csv",
        sha256="0" * 64,
        state="done",
        finished_at=now(),
        counts={"read": 0, "new": 0, "same": 0, "refused": 0},
    )
    conflict = ConflictOfInterest(
        proposal_id=other.id, person_id=finance.id, reason="Family", declared_by_id=finance.id
    )
    session.add_all([enquiry, overlap, batch, conflict])
    session.flush()
    after = _what_follows_from_overlaps(session, overlap, batch, commitment)

    plan = make_plan(
        session,
        round_,
        [(commitment, proposal, 6_000_00), (commitment, other, 6_000_00)],
        Actor.of(people[Role.PROGRAM_OFFICER]),
    )
    first, second = plan.lines
    assert approve_lines(session, by=colleague, lines={second.id: None}, key="world")["approved"]
    award = session.query(Award).filter_by(plan_line_id=second.id).one()
    assert second.state == LineState.APPROVED
    tranche = Tranche(amount=1_000_00, due_on=now().date(), prepared_by_id=finance.id)
    award.tranches.append(tranche)
    session.flush()
    ledger.schedule(session, None, tranche)
    # the other finance officer is in conflict on this proposal
    alone = Tranche(
        amount=500_00, due_on=now().date(), prepared_by_id=people[Role.FINANCE_OFFICER].id
    )
    award.tranches.append(alone)
    session.flush()
    ledger.schedule(session, None, alone)
    compensating = CompensatingReview(
        funder_id=funder.id,
        tranche_id=alone.id,
        amount=alone.amount,
        reason="The other finance officer is in conflict.",
        asked_by_id=alone.prepared_by_id,
    )
    session.add(compensating)
    session.flush()
    schedule.begin(session, None, award)
    report = schedule.reports_of(session, award.id)[0]
    indicator = Indicator(
        name=f"Counted {award.id}", unit="things", direction="up", definition="All of them."
    )
    asked = ChangeRequest(
        proposal_id=other.id,
        kind="extension",
        reason="A storm",
        from_ends_on=now().date(),
        ends_on=now().date() + timedelta(days=90),
        asked_by_id=other.lead_id,
    )
    session.add_all([indicator, asked])
    session.flush()
    asked.concerns.append(ChangeConcern(award_id=award.id))
    offer = send_offer(
        session,
        by=colleague,
        award_id=award.id,
        version=award.version,
        language="en",
        expires_at=now() + timedelta(days=9),
        name="Colleague",
    )
    # both have signed, so that tests can let the award be accepted
    sign(session, Actor.of(other.lead), offer, "applicant", "Lead", offer.agreement_sha256)
    admin = Actor.of(people[Role.FUNDER_ADMIN])
    item = add_item(session, by=admin, funder_id=funder.id, title="Statutes", asks="")
    check = DiligenceCheck(award_id=award.id, item_id=item.id, position=1, title="Bank", asks="")
    letter = DeclineLetter(proposal_id=proposal.id, suggested="No.", body="No.")
    put_into_outbox(session, "lead@test.example", "A letter", "Text", organisation_id=funder.id)
    session.add_all([check, letter])
    session.flush()
    shown = EvidenceFile(
        check_id=check.id,
        name="statutes.pdf",
        media_type="application/pdf",
        size=9,
        sha256="0" * 64,
        added_by_id=colleague.person_id,
    )
    session.add(shown)
    session.flush()
    mail = session.query(Mail).order_by(Mail.id.desc()).first()
    mail.error = "Refused"
    paid = _payments(session, commitment, award, tranche, finance)
    pin = Pin(proposal_id=proposal.id, funded=True)
    plan.run.scenario.pins.append(pin)
    study = Study(run_id=plan.run_id, kind="frontier", result={"points": []})
    session.add(study)
    session.flush()
    pack = Pack(plan_id=plan.id, state="cancelled")
    live = LiveSession(
        round_id=round_.id, run_id=plan.run_id, opened_by_id=people[Role.COMMITTEE].id
    )
    session.add_all([pack, live])
    session.flush()
    form = ReviewForm(round_id=round_.id, number=1, lowest=1, highest=5)
    form.criteria = [ReviewCriterion(position=0, key="idea", name="Idea", weight=1)]
    reviewed = make_proposal(session, round_)
    reviewer = RoundReviewer(round_id=round_.id, person_id=people[Role.REVIEWER].id)
    stand_in = make_person(session, committee, Role.REVIEWER)
    assignment = ReviewAssignment(proposal_id=reviewed.id, person_id=people[Role.REVIEWER].id)
    session.add_all([form, reviewer, assignment])
    session.flush()
    session.add(
        ReviewDeclaration(
            proposal_id=reviewed.id, person_id=assignment.person_id, has_conflict=False
        )
    )
    session.flush()
    assignment.state = AssignmentState.ACCEPTED
    absence = ReviewerAbsence(
        round_id=round_.id,
        person_id=reviewer.person_id,
        from_on=now().date(),
        until_on=now().date(),
        delegate_id=stand_in.id,
        recorded_by_id=reviewer.person_id,
    )
    session.add(absence)
    session.flush()
    merge = _names(session, funder)
    voice = Voice(round_id=round_.id, words="Mind the gap.")
    session.add(voice)
    session.flush()
    note = DashboardNote(
        round_id=round_.id,
        dashboard="gaps",
        words="Mind this",
        written_by_id=people[Role.AUDITOR].id,
    )
    session.add(note)
    session.flush()
    ids: dict[str, object] = {
        "voice_id": voice.id,
        "key": round_.key,
        "format": "csv",
        "tour": "officer",
        "place": 1,
        "merge_id": merge.id,
        "name_id": merge.first_id,
        "holder_id": funder.id,
        "round_id": round_.id,
        "commitment_id": commitment.id,
        "funder_id": funder.id,
        "proposal_id": proposal.id,
        "attachment_id": attachment.id,
        "member_id": member.id,
        "score_id": proposal.scores[0].id,
        "question_id": round_.questions[0].id,
        "enquiry_id": enquiry.id,
        "overlap_id": overlap.id,
        **after,
        "conflict_id": conflict.id,
        "scenario_id": plan.run.scenario_id,
        "run_id": plan.run_id,
        "pin_id": pin.id,
        "study_id": study.id,
        "pack_id": pack.id,
        "live_id": live.id,
        "kind": "frontier",
        "assignment_id": assignment.id,
        "reviewer_id": reviewer.id,
        "who_id": reviewer.person_id,
        "absence_id": absence.id,
        "rule": "greedy",
        "line_id": first.id,
        "award_id": award.id,
        **paid,
        "tranche_id": tranche.id,
        "report_id": report.id,
        "request_id": asked.id,
        "indicator": indicator.id,
        "file_id": 1,
        "evidence_id": shown.id,
        "offer_id": offer.id,
        "item_id": item.id,
        "check_id": check.id,
        "mail_id": mail.id,
        "letter": "agreement",
        "language": "en",
        "compensating_id": compensating.id,
        "person_id": people[Role.AUDITOR].id,
        "binding_id": people[Role.AUDITOR].bindings[0].id,
        "import_id": batch.id,
        "area_key": "interpretability",
        "name": "plan.pdf",
        "replay_id": "made-up",
        "token": "made-up",
        "version": "0",
        "view": "funders",
        "table": "proposals",
        "document": "plan",
        "chart": "frontier",
        "question": "gaps",
        "note_id": note.id,
        "figure": "by-funder",
        "form": "csv",
    }
    return Side(ids, {role: person.email for role, person in people.items()})


def _names(session: Session, funder: Organisation) -> NameMerge:
    """A past grant whose recipient is one with another name that has more grants."""
    batch = Import(
        kind="history", organisation_id=funder.id, filename="a.csv", sha256="", state="done"
    )
    names = [
        KnownName(organisation_id=funder.id, kind="recipient", spelling=spelling, grants=grants)
        for spelling, grants in (("Wren Ltd", 1), ("Wren Limited", 2))
    ]
    session.add_all(
        [batch, *names, NameSearch(organisation_id=funder.id, state="done", finished_at=now())]
    )
    session.flush()
    session.add(
        HistoricGrant(
            import_id=batch.id,
            organisation_id=funder.id,
            funder=funder.name,
            recipient="Wren Ltd",
            fingerprint=f"names-{batch.id}",
        )
    )
    first, second = sorted(name.id for name in names)
    merge = NameMerge(
        organisation_id=funder.id,
        kind="recipient",
        first_id=first,
        second_id=second,
        probability=0.99,
    )
    session.add(merge)
    session.flush()
    merge.state, merge.is_automatic = "merged", True
    for name in names:
        name.entity_id = second
    session.flush()
    return merge


def _payments(
    session: Session, commitment: Commitment, award: Award, tranche: Tranche, finance: Person
) -> dict[str, object]:
    """Bank details, a payment file, a bank statement with a booking, and a reversal asked for."""
    institution = award.proposal.institution_id
    details = [
        BankDetails(
            funder_id=commitment.funder_id,
            organisation_id=organisation,
            currency=commitment.currency,
            number=1,
            holder="Somebody",
            account=f"{organisation}",
            bank_code="1",
            country="US",
            entered_by_id=finance.id,
        )
        for organisation in (commitment.funder_id, institution)
    ]
    session.add_all(details)
    colleague = make_person(session, commitment.funder, Role.FINANCE_OFFICER)
    tranche.state = "due"
    session.flush()
    tranche.state, tranche.released_by_id = "released", colleague.id
    session.flush()
    batch = PaymentBatch(
        funder_id=commitment.funder_id,
        currency=commitment.currency,
        execution_on=now().date(),
        details_id=details[0].id,
        message_id=f"TRB-{award.id}",
        count=1,
        total=tranche.amount,
        made_by_id=finance.id,
    )
    session.add(batch)
    session.flush()
    batch.payments.append(
        Payment(
            tranche_id=tranche.id,
            details_id=details[1].id,
            amount=tranche.amount,
            end_to_end_id=f"TRB{batch.id}-{tranche.id}",
        )
    )
    statement = BankStatement(
        funder_id=commitment.funder_id,
        details_id=details[0].id,
        account=details[0].account,
        currency=commitment.currency,
        format="CSV",
        filename="bank.csv",
        sha256=f"{award.id}",
        uploaded_by_id=finance.id,
    )
    session.add(statement)
    session.flush()
    line = BankLine(
        funder_id=commitment.funder_id,
        account=statement.account,
        currency=commitment.currency,
        line_key="1",
        row=2,
        booked_on=now().date(),
        amount=100,
        is_out=True,
    )
    statement.lines.append(line)
    transfer = session.scalars(
        sa.select(Transfer).where(Transfer.funder_id == commitment.funder_id).limit(1)
    ).one()
    reversal = Reversal(transfer_id=transfer.id, reason="a slip", asked_by_id=finance.id)
    session.add(reversal)
    session.flush()
    return {
        "batch_id": batch.id,
        "details_id": details[1].id,
        "bank_statement_id": statement.id,
        "bank_line_id": line.id,
        "transfer_id": transfer.id,
        "reversal_id": reversal.id,
    }


def _what_follows_from_overlaps(
    session: Session, overlap: Overlap, batch: Import, commitment: Commitment
) -> dict[str, object]:
    """An introduction, an overlap with a past grant, and a step back."""
    grant = HistoricGrant(
        import_id=batch.id,
        organisation_id=batch.organisation_id,
        funder="Somebody",
        recipient="Somebody else",
        title="The same work",
        fingerprint=f"world-{batch.id}",
    )
    introduction = Introduction(
        overlap_id=overlap.id, offered_by_id=overlap.second.lead_id, answers=[]
    )
    arrived = make_commitment(session, overlap.first.round, make_organisation(session))
    step = SteppingBack(
        arrived_id=arrived.id,
        commitment_id=commitment.id,
        proposal_id=overlap.first_id,
        before=2,
        after=1,
        freed=0,
    )
    session.add_all([grant, introduction, step])
    session.flush()
    outside = OutsideOverlap(
        round_id=overlap.round_id,
        proposal_id=overlap.first_id,
        grant_id=grant.id,
        holder_id=batch.organisation_id,
        degree=0.5,
    )
    session.add(outside)
    session.flush()
    return {
        "outside_id": outside.id,
        "introduction_id": introduction.id,
        "step_id": step.id,
    }
