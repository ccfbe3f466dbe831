"""Mail: written into the outbox with the act it tells of, sent later by a worker."""

from __future__ import annotations

import smtplib
import ssl
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database, now
from funding.models import Mail

MOST_TRIES = 8
RETRY_AFTER = timedelta(minutes=1)


def post_mail(session: Session, to: str, subject: str, body: str) -> None:
    """Put a mail into the outbox; it goes out only if the transaction commits."""
    session.add(Mail(to=to, subject=" ".join(subject.split()), body=body))


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
    address = urlsplit(config.smtp_url)
    with smtplib.SMTP(address.hostname or "localhost", address.port or 25, timeout=20) as server:
        if address.username:
            server.starttls(context=ssl.create_default_context())
            server.login(unquote(address.username), unquote(address.password or ""))
        server.send_message(message)


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
        except (OSError, smtplib.SMTPException) as failure:
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
