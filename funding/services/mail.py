"""Mail: written into the outbox with the act it tells of, sent later by a worker.

Each is in the language of who gets it. A letter with a key is in the outbox once. One that
cannot be delivered is tried again after waits that double, eight times; then it is shown as
failed, and somebody can have it sent again.
"""

from __future__ import annotations

import smtplib
import ssl
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database, now
from funding.errors import RuleBroken
from funding.language import ENGLISH, current, using
from funding.models import Mail, Person
from funding.permissions import Actor, fetch, visible_mail
from funding.services.log import record

MOST_TRIES = 8
RETRY_AFTER = timedelta(minutes=1)
RIGHT_TO_LEFT = "\N{RIGHT-TO-LEFT MARK}"

Written = tuple[str, str]
"""A mail's subject and body."""


def post_mail(
    session: Session,
    to: Person,
    write: Callable[[], Written],
    *,
    language: str | None = None,
    key: str | None = None,
    kind: str = "message",
    organisation_id: int | None = None,
    proposal_id: int | None = None,
) -> None:
    """Have a mail written in the language of who gets it, and put it into the outbox.

    `language`: another one than the person's (`language_of`). `key`, `organisation_id` and the
    others as in `put_into_outbox`.
    """
    with using(language or language_of(to)):
        subject, body = write()
        if current().direction == "rtl":
            subject, body = _from_the_right(subject), _from_the_right(body)
    put_into_outbox(
        session,
        to.email,
        subject,
        body,
        key=key,
        kind=kind,
        organisation_id=organisation_id,
        proposal_id=proposal_id,
    )


def language_of(person: Person, *, otherwise: str = ENGLISH.tag) -> str:
    """The language that a person chose; who chose none is written to in English, `otherwise` in
    the language of whoever invites them."""
    return person.language or otherwise


def paragraphs(*texts: str) -> str:
    """The parts of a mail, parted by empty lines; what is empty is left out."""
    return "\n\n".join(text for text in texts if text)


def _from_the_right(text: str) -> str:
    """Plain text has no `dir`: readers' programs take a line's direction from its first letter, so
    a line of Arabic that begins with a name in Latin letters gets a mark in front."""
    return "\n".join(
        f"{RIGHT_TO_LEFT}{line.lstrip(RIGHT_TO_LEFT)}"
        if any(_is_from_the_right(letter) for letter in line)
        else line
        for line in text.split("\n")
    )


def _is_from_the_right(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in ("R", "AL") and letter != RIGHT_TO_LEFT


def put_into_outbox(
    session: Session,
    to: str,
    subject: str,
    body: str,
    *,
    key: str | None = None,
    kind: str = "message",
    organisation_id: int | None = None,
    proposal_id: int | None = None,
) -> None:
    """Put a mail into the outbox; it goes out only if the transaction commits.

    `key`: the letter's own, so that what asks for it twice sends it once. `organisation_id`: whose
    letter it is; its people see what became of it, but for those in conflict with `proposal_id`.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    at = now()
    session.execute(
        insert(Mail)
        .values(
            to=to,
            subject=" ".join(subject.split()),
            body=body,
            created_at=at,
            not_before=at,
            tries=0,
            error="",
            key=key,
            kind=kind,
            organisation_id=organisation_id,
            proposal_id=proposal_id,
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )


def _message(config: Config, mail: Mail) -> EmailMessage:
    message = EmailMessage()
    message["From"] = config.mail_from
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    # the same at every try, so that a receiver can drop a mail that was sent twice
    message["Message-ID"] = f"<outbox-{mail.id}@{config.mail_from.rpartition('@')[2]}>"
    message.set_content(mail.body)
    return message


def _deliver(config: Config, mail: Mail) -> None:
    message = _message(config, mail)
    if not config.smtp_url:
        folder = config.data / "mail"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        Path(folder / f"{mail.id:06}.eml").write_bytes(message.as_bytes())
        return
    with _server(config.smtp_url) as server:
        server.send_message(message)


def _server(smtp_url: str) -> smtplib.SMTP:
    """A connection to the server, encrypted from the start for smtps://, and signed in where the
    address has a user."""
    address = urlsplit(smtp_url)
    host, context = address.hostname or "localhost", ssl.create_default_context()
    server: smtplib.SMTP
    if address.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, address.port or 465, timeout=20, context=context)
    else:
        server = smtplib.SMTP(host, address.port or 25, timeout=20)
        if address.username:
            server.starttls(context=context)
    if address.username:
        server.login(unquote(address.username), unquote(address.password or ""))
    return server


def send_waiting(database: Database, config: Config, *, most: int = 50) -> int:
    """Send what waits in the outbox; a failed mail is tried again, later each time.

    A mail is claimed before it is sent, by moving its next try ahead: two workers never send the
    same one, and a worker that dies has its mails sent by another when that time has come.
    """
    claimed = database.in_transaction(_claim, most=most)
    for mail in claimed:
        try:
            _deliver(config, mail)
            error = ""
        except (OSError, smtplib.SMTPException, ValueError) as failure:
            error = f"{type(failure).__name__}: {failure}"
        database.in_transaction(_note_try, mail_id=mail.id, error=error)
    return len(claimed)


def _claim(session: Session, *, most: int) -> list[Mail]:
    waiting = session.scalars(
        sa.select(Mail)
        .where(Mail.sent_at.is_(None), Mail.not_before <= now(), Mail.tries < MOST_TRIES)
        .order_by(Mail.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for mail in waiting:
        mail.tries += 1
        mail.not_before = now() + RETRY_AFTER * 2**mail.tries
    return list(waiting)


def _note_try(session: Session, *, mail_id: int, error: str) -> None:
    mail = session.get_one(Mail, mail_id)
    mail.error = error
    if not error:
        mail.sent_at = now()


def send_again(session: Session, *, by: Actor, mail_id: int) -> Mail:
    """Let a letter that could not be delivered be tried at once, and eight times again.

    Raises NotFound, and RuleBroken for one that is sent: nobody gets a letter twice.
    """
    mail: Mail = fetch(session, visible_mail(by).with_for_update(), mail_id, "letter")
    if mail.sent_at is not None:
        raise RuleBroken("This letter is sent already.")
    mail.tries, mail.not_before = 0, now()
    record(session, by, "letter sent again", mail, organisation_id=mail.organisation_id)
    return mail
