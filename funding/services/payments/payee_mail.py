"""The mails that tell of bank details entered or changed; none of them shows an account."""

from __future__ import annotations

from dataclasses import dataclass

from funding.formatting import listed
from funding.language import gettext as _
from funding.language import lazy
from funding.models import BankDetails
from funding.services.mail import Written, paragraphs

_IN_WORDS = {
    "holder": lazy("the name"),
    "iban": lazy("the IBAN"),
    "account": lazy("the account number"),
    "bank_code": lazy("the code of the bank"),
    "bic": lazy("the BIC"),
    "country": lazy("the country"),
    "checked_how": lazy("how it was checked"),
}


@dataclass(frozen=True)
class DetailsMail:
    """`changed`: the fields of the details that are not as they were."""

    who: str
    funder: str
    payee: str
    made: BankDetails
    changed: list[str]

    @property
    def _is_change(self) -> bool:
        return bool(self.changed) or self.made.number > 1

    def _subject(self) -> str:
        payee, currency = self.payee, self.made.currency
        if self._is_change:
            return _(
                "Bank details changed: %(payee)s, %(currency)s", payee=payee, currency=currency
            )
        return _("Bank details entered: %(payee)s, %(currency)s", payee=payee, currency=currency)

    def colleagues(self) -> Written:
        about = {
            "who": self.who,
            "funder": self.funder,
            "payee": self.payee,
            "currency": self.made.currency,
            "version": str(self.made.number),
        }
        what = (
            _(
                "%(who)s has changed the bank details to which %(funder)s pays %(payee)s in "
                "%(currency)s (version %(version)s).",
                **about,
            )
            if self._is_change
            else _(
                "%(who)s has entered the bank details to which %(funder)s pays %(payee)s in "
                "%(currency)s (version %(version)s).",
                **about,
            )
        )
        if self.changed:
            names = [str(_IN_WORDS[name]) for name in self.changed]
            what += " " + _("It concerns: %(listed)s.", listed=listed(names))
        return self._subject(), paragraphs(
            what,
            _(
                "If you do not know why, ask before the next payment file is approved. You find "
                "them among the payments, under bank details; no mail shows an account."
            ),
        )

    def leads(self) -> Written:
        about = {"funder": self.funder, "payee": self.payee, "currency": self.made.currency}
        what = (
            _(
                "%(funder)s has changed the bank details to which it pays %(payee)s in "
                "%(currency)s.",
                **about,
            )
            if self._is_change
            else _(
                "%(funder)s has entered the bank details to which it pays %(payee)s in "
                "%(currency)s.",
                **about,
            )
        )
        return self._subject(), paragraphs(
            what,
            _(
                "If your institution did not ask for it, please tell %(funder)s at once, by a "
                "telephone number that you have had before. Nobody will ask you for an account "
                "by mail.",
                funder=self.funder,
            ),
        )
