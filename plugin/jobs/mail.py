"""E-mails leave by the operator's SMTP server, encrypted unless that is this machine."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

TIMEOUT = 10.0
PORTS = {"smtp": 587, "smtps": 465}


class NotMailed(Exception):
    """The SMTP server did not take an e-mail. The text names no address."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A text to one person."""

    address: str
    subject: str
    text: str


def send(smtp_url: str, mail: Mail) -> None:
    """Send an e-mail over `smtp://user:password@host:587?from=...` (STARTTLS) or `smtps://`.

    Raises:
        NotMailed: it did not leave, or it is not known.
    """
    parts = urlsplit(smtp_url)
    sender = parse_qs(parts.query).get("from", [f"backstop@{parts.hostname}"])[0]
    message = EmailMessage()
    try:
        message["From"], message["To"], message["Subject"] = sender, mail.address, mail.subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        _hand_over(smtp_url, message)
    except (OSError, smtplib.SMTPException, ValueError) as fault:
        raise NotMailed(type(fault).__name__) from None


def _hand_over(smtp_url: str, message: EmailMessage) -> None:
    parts = urlsplit(smtp_url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    with server:
        if parts.scheme == "smtp" and host not in {"127.0.0.1", "::1", "localhost"}:
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
