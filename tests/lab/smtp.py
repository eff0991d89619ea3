"""A mail server on loopback that keeps what it gets: plain, with STARTTLS, or TLS throughout."""

import base64
import email
import email.policy
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

from lab.certificates import Issued, issue

Kind = Literal["plain", "starttls", "tls"]


@dataclass(frozen=True)
class Mail:
    sender: str
    recipients: tuple[str, ...]
    secure: bool
    login: str  # "user:password"; empty: nobody signed in
    message: EmailMessage

    def part(self, subtype: str) -> str:
        found = self.message.get_body((subtype,))
        assert found is not None
        return str(found.get_content())


@dataclass
class Post:
    host: str
    port: int
    mails: list[Mail] = field(default_factory=list)  # in the order in which they came
    refuse: str = ""  # answered to whoever wants to send a mail, such as "451 later"


@contextmanager
def post(folder: Path, kind: Kind, host: str = "127.0.0.1", port: int = 0) -> Iterator[Post]:
    """Its certificate is smtp.cert.pem in the folder, signed by itself."""
    issued = issue(folder, "smtp", host, "localhost")
    with _Server((host, port), _Talk) as server:
        server.kind, server.tls = kind, _context(issued)
        server.post = Post(host, int(server.server_address[1]))
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield server.post
        finally:
            server.shutdown()
            serving.join()


def _context(issued: Issued) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.cert, issued.key)
    return context


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    kind: Kind
    tls: ssl.SSLContext
    post: Post


class _Talk(socketserver.StreamRequestHandler):
    server: _Server
    timeout = 20

    def handle(self) -> None:
        self.secure, self.login, self.sender = False, "", ""
        self.recipients: list[str] = []
        try:
            if self.server.kind == "tls":
                self._secure()
            self._say("220 lab")
            while line := self.rfile.readline().decode().strip():
                if not self._answer(line):
                    return
        except OSError:  # whoever it was has gone
            return
        finally:
            self.connection.close()

    def _answer(self, line: str) -> bool:
        """False when all is said."""
        word = line.split()[0].upper()
        if word == "EHLO":
            offers = ["AUTH PLAIN"]
            offers += ["STARTTLS"] if self.server.kind == "starttls" and not self.secure else []
            self._say("250-lab", *[f"250-{offer}" for offer in offers], "250 8BITMIME")
        elif word == "STARTTLS":
            self._say("220 go on")
            self._secure()
        elif word == "AUTH":
            _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
            self.login = f"{user}:{password}"
            self._say("235 welcome")
        elif word == "MAIL":
            self.sender, self.recipients = _address(line), []
            self._say(self.server.post.refuse or "250 ok")
        elif word == "RCPT":
            self.recipients.append(_address(line))
            self._say("250 ok")
        elif word == "DATA":
            self._say("354 go on")
            self._keep()
            self._say("250 kept")
        else:
            self._say("221 bye" if word == "QUIT" else "250 ok")
        return word != "QUIT"

    def _keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        recipients = tuple(self.recipients)
        kept = Mail(self.sender, recipients, self.secure, self.login, message)
        self.server.post.mails.append(kept)

    def _secure(self) -> None:
        self.connection = self.request = self.server.tls.wrap_socket(self.request, True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.secure = True

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]
