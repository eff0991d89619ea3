"""The keys that we log in with: made, read, and matched with their certificates."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_pem_private_key,
    load_ssh_private_key,
    load_ssh_public_identity,
)

from hyperion_control.errors import Invalid

FEWEST_RSA_BITS = 2048
# What a certificate without an end says.
FOR_EVER = 2**64 - 1

Private = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey


@dataclass(frozen=True)
class Pair:
    private: str = field(repr=False)  # as OpenSSH writes it, with no passphrase
    public: str  # a line without a comment


def generate() -> Pair:
    return _pair(Ed25519PrivateKey.generate())


def read(text: str, passphrase: str = "") -> Pair:
    """A private key in OpenSSH's or PEM form."""
    load = load_ssh_private_key if "OPENSSH PRIVATE KEY" in text else load_pem_private_key
    try:
        key = load(text.encode(), passphrase.encode() or None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise _unfit(
            "private_key",
            "this private key cannot be read: look at its passphrase, and that it is whole",
        ) from None
    if not isinstance(key, Private):
        raise _unfit("private_key", "only Ed25519, ECDSA and RSA keys are taken")
    if isinstance(key, RSAPrivateKey) and key.key_size < FEWEST_RSA_BITS:
        raise _unfit("private_key", f"an RSA key needs at least {FEWEST_RSA_BITS} bits")
    return _pair(key)


def certificate(line: str, public: str) -> str:
    """The line without its comment, if it is a user certificate of this key."""
    found = _certificate(line)
    if found is None or found.type is not SSHCertificateType.USER:
        raise _unfit("certificate", "this is no user certificate, such as ssh-keygen -s makes")
    if _line(found.public_key()) != public:
        raise _unfit("certificate", "this certificate is of another key")
    try:
        found.verify_cert_signature()
    except InvalidSignature:
        raise _unfit("certificate", "the signature of this certificate is wrong") from None
    return " ".join(line.split()[:2])


def good_until(line: str) -> datetime | None:
    """The end of a certificate; None: it has none."""
    found = _certificate(line)
    if found is None or found.valid_before >= FOR_EVER:
        return None
    return datetime.fromtimestamp(found.valid_before, UTC)


def _certificate(line: str) -> SSHCertificate | None:
    try:
        found = load_ssh_public_identity(line.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, SSHCertificate) else None


def _pair(key: Private) -> Pair:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return Pair(private.decode(), _line(key.public_key()))


def _line(key: object) -> str:
    raw: bytes = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)  # type: ignore[attr-defined]
    return raw.decode()


def _unfit(field: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{field}", "detail": detail}])
