"""Mail: one message to a few people, over TLS wherever it leaves this machine."""

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from hyperion_control.channels.http import Rejected, Unanswered
from hyperion_control.notifying import Smtp

PATIENCE_SECONDS = 10


def send(
    smtp: Smtp,
    to: Sequence[str],
    subject: str,
    text: str,
    html: str = "",
    tls: ssl.SSLContext | None = None,
) -> None:
    message = EmailMessage()
    message["From"], message["To"] = f"Hyperion <{smtp.sender}>", ", ".join(to)
    # A header is one line, whatever a label holds.
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=smtp.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    _deliver(smtp, message, tls or ssl.create_default_context())


def _deliver(smtp: Smtp, message: EmailMessage, tls: ssl.SSLContext) -> None:
    place = f"the mail server {smtp.host}:{smtp.port}"
    try:
        with _connected(smtp, tls) as server:
            if smtp.user:
                server.login(smtp.user, smtp.password)
            server.send_message(message)
    except smtplib.SMTPAuthenticationError as fault:
        raise Unanswered(f"{place} does not take the user name and password") from fault
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as fault:
        kind = Rejected if _for_good(fault) else Unanswered
        raise kind(f"{place} does not take the addresses of this mail") from fault
    except ssl.SSLError as fault:
        raise Unanswered(f"{place} shows no certificate that we trust") from fault
    except (OSError, smtplib.SMTPException) as fault:
        raise Unanswered(f"{place} does not take this mail") from fault


def _for_good(fault: smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused) -> bool:
    """A server says 4… of what may pass."""
    if isinstance(fault, smtplib.SMTPSenderRefused):
        return fault.smtp_code >= 500
    return all(code >= 500 for code, _ in fault.recipients.values())


def _connected(smtp: Smtp, tls: ssl.SSLContext) -> smtplib.SMTP:
    if smtp.tls:
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=PATIENCE_SECONDS, context=tls)
    server = smtplib.SMTP(smtp.host, smtp.port, timeout=PATIENCE_SECONDS)
    try:
        server.ehlo()
        if not smtp.local:
            _secure(server, smtp.host, tls)
    except BaseException:
        server.close()
        raise
    return server


def _secure(server: smtplib.SMTP, host: str, tls: ssl.SSLContext) -> None:
    if not server.has_extn("starttls"):
        raise Unanswered(f"the mail server {host} offers no TLS, so it gets no mail")
    server.starttls(context=tls)
