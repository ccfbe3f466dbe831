"""Bank details: where a grantee's institution is paid, and a funder's own accounts.

Every change is a new version, and the old ones stay. Whoever enters a version does not pay to it,
which the database holds too; others of the funder hear of it by mail, and so does who is paid.
Nothing of an account ever goes into the log or into a mail.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import pycountry
import sqlalchemy as sa
from sqlalchemy.orm import Session
from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers
from stdnum.exceptions import ValidationError

from funding.errors import Conflict, Fault, InvalidInput, NotFound
from funding.language import gettext as _
from funding.models import (
    Award,
    AwardState,
    BankDetails,
    Binding,
    Commitment,
    Organisation,
    Person,
    Proposal,
    Role,
)
from funding.permissions import Actor, require
from funding.services.log import record
from funding.services.mail import post_mail
from funding.services.payments.payee_mail import DetailsMail

LONGEST_NAME = 70
LONGEST_ACCOUNT = 34
"""Characters that ISO 20022 has room for (names: that every bank has)."""


@dataclass(frozen=True)
class AccountDetails:
    """An account as a person types it: an IBAN, or a number with a bank's code or BIC."""

    holder: str
    iban: str
    account: str
    bank_code: str
    bic: str
    country: str
    checked_how: str = ""


def cleaned(typed: AccountDetails) -> AccountDetails:
    """The same as banks write it, without spaces; raises InvalidInput naming each wrong field."""
    faults: list[Fault] = []
    iban = account = bank_code = bic = ""
    country = typed.country.strip().upper()
    holder = " ".join(typed.holder.split())
    if not holder:
        faults.append(Fault("holder", "Whose account is it? Write the name the bank knows."))
    elif len(holder) > LONGEST_NAME:
        faults.append(
            Fault("holder", _("At most %(longest_name)s characters.", longest_name=LONGEST_NAME))
        )
    if bool(typed.iban.strip()) == bool(typed.account.strip()):
        faults.append(Fault("iban", "Write an IBAN or an account number: one of the two."))
    elif typed.iban.strip():
        try:
            iban = iban_numbers.validate(typed.iban)
        except ValidationError:
            faults.append(Fault("iban", "This is no IBAN: its check digits or length do not fit."))
    else:
        account, bank_code = _plain(typed.account), _plain(typed.bank_code)
        for name, text in (("account", account), ("bank_code", bank_code)):
            if text and not _is_plain(text):
                faults.append(
                    Fault(
                        name,
                        _(
                            "Letters, digits and hyphens, at most %(longest_account)s.",
                            longest_account=LONGEST_ACCOUNT,
                        ),
                    )
                )
        if not bank_code and not typed.bic.strip():
            faults.append(Fault("bank_code", "Which bank? Write its code or its BIC."))
    if typed.bic.strip():
        try:
            bic = bic_numbers.validate(typed.bic)
        except ValidationError:
            faults.append(Fault("bic", "A BIC has 8 or 11 characters, such as DEUTDEFF."))
    if pycountry.countries.get(alpha_2=country) is None:
        faults.append(Fault("country", "Choose the country of the account."))
    elif iban and iban[:2] != country:
        faults.append(
            Fault("country", _("An IBAN that begins with %(iban)s is not there.", iban=iban[:2]))
        )
    if len(typed.checked_how) > 500:
        faults.append(Fault("checked_how", "At most 500 characters."))
    if faults:
        raise InvalidInput(*faults)
    return AccountDetails(holder, iban, account, bank_code, bic, country, typed.checked_how.strip())


def _plain(text: str) -> str:
    return "".join(text.split()).upper()


def _is_plain(text: str) -> bool:
    return text.isascii() and text.replace("-", "").isalnum() and len(text) <= LONGEST_ACCOUNT


def enter_details(
    session: Session,
    *,
    by: Actor,
    funder_id: int,
    organisation_id: int,
    currency: str,
    number: int,
    details: AccountDetails,
) -> BankDetails:
    """Enter bank details, or a new version of them, as a finance officer of the funder.

    `number`: the version that was looked at, 0 for none; sent twice, the second is a Conflict.
    Raises NotFound for an organisation that the funder pays nothing, InvalidInput, Conflict.
    """
    require(by, "payee.edit", funder_id)
    if organisation_id not in {o.id for o in payable(session, [funder_id])}:
        raise NotFound("payee")
    new = cleaned(details)
    before = current(session, funder_id, organisation_id, currency)
    if number != (before.number if before else 0):
        raise Conflict("Somebody else changed these bank details meanwhile.")
    made = BankDetails(
        funder_id=funder_id,
        organisation_id=organisation_id,
        currency=currency,
        number=number + 1,
        holder=new.holder,
        iban=new.iban,
        account=new.account,
        bank_code=new.bank_code,
        bic=new.bic,
        country=new.country,
        checked_how=new.checked_how,
        entered_by_id=by.person_id,
    )
    session.add(made)
    session.flush()
    changed = [
        field.name
        for field in fields(AccountDetails)
        if before and getattr(before, field.name) != getattr(new, field.name)
    ]
    record(
        session,
        by,
        "bank details changed" if before else "bank details entered",
        made,
        organisation_id=funder_id,
        payee=organisation_id,
        currency=currency,
        number=made.number,
        changed=changed,
    )
    _tell(session, by, made, changed)
    return made


def _tell(session: Session, by: Actor, made: BankDetails, changed: list[str]) -> None:
    """Write to the funder's finance officers and administrators, but for who did it, and to the
    leads of what the funder pays there: new details are how payments are led astray."""
    payee = session.get_one(Organisation, made.organisation_id)
    funder = session.get_one(Organisation, made.funder_id)
    told = DetailsMail(by.name, funder.name, payee.name, made, changed)
    for person in _colleagues(session, made.funder_id, by):
        post_mail(
            session,
            person,
            told.colleagues,
            kind="bank details",
            organisation_id=made.funder_id,
        )
    if made.organisation_id == made.funder_id:
        return
    for person in _leads_paid(session, made.funder_id, made.organisation_id):
        post_mail(
            session,
            person,
            told.leads,
            kind="bank details",
            organisation_id=made.funder_id,
        )


def _colleagues(session: Session, funder_id: int, by: Actor) -> list[Person]:
    return list(
        session.scalars(
            sa.select(Person)
            .join(Binding, Binding.person_id == Person.id)
            .where(
                Binding.organisation_id == funder_id,
                Binding.role.in_((Role.FINANCE_OFFICER, Role.FUNDER_ADMIN)),
                Person.is_active,
                Person.id != by.person_id,
            )
            .distinct()
            .order_by(Person.id)
        )
    )


def _leads_paid(session: Session, funder_id: int, institution_id: int) -> list[Person]:
    """Who leads a proposal of the institution with an award of the funder that has not ended."""
    return list(
        session.scalars(
            sa.select(Person)
            .join(Proposal, Proposal.lead_id == Person.id)
            .join(Award, Award.proposal_id == Proposal.id)
            .join(Commitment, Commitment.id == Award.commitment_id)
            .where(
                Commitment.funder_id == funder_id,
                Proposal.institution_id == institution_id,
                Award.state.not_in((AwardState.COMPLETED, AwardState.TERMINATED)),
                Person.is_active,
            )
            .distinct()
            .order_by(Person.id)
        )
    )


def payable(session: Session, funder_ids: Iterable[int]) -> list[Organisation]:
    """Institutions with an award of these funders, and the funders themselves, by name."""
    funder_ids = list(funder_ids)
    institutions = (
        sa.select(Proposal.institution_id)
        .join(Award, Award.proposal_id == Proposal.id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .where(Commitment.funder_id.in_(funder_ids))
    )
    return list(
        session.scalars(
            sa.select(Organisation)
            .where(sa.or_(Organisation.id.in_(institutions), Organisation.id.in_(funder_ids)))
            .order_by(Organisation.name)
        )
    )


def newest() -> sa.Select[tuple[BankDetails]]:
    """The version that holds of each account."""
    later = sa.orm.aliased(BankDetails)
    return sa.select(BankDetails).where(
        ~sa.exists().where(
            later.funder_id == BankDetails.funder_id,
            later.organisation_id == BankDetails.organisation_id,
            later.currency == BankDetails.currency,
            later.number > BankDetails.number,
        )
    )


def current(
    session: Session, funder_id: int, organisation_id: int | None, currency: str
) -> BankDetails | None:
    """The details that hold for a payee of a funder in a currency."""
    return session.scalars(
        newest().where(
            BankDetails.funder_id == funder_id,
            BankDetails.organisation_id == organisation_id,
            BankDetails.currency == currency,
        )
    ).one_or_none()
