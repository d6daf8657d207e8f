"""When a certificate ends: reads the one date that is needed out of X.509, so that no library of cryptography is."""

import base64
import binascii
import re
from datetime import UTC, datetime

SEQUENCE, EXPLICIT_VERSION = 0x30, 0xA0
FORMATS = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
"""ASN.1 tags of times (UTCTime, GeneralizedTime), and how they are written."""
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


class CertificateError(ValueError):
    """This is no certificate in PEM."""


def first_end(pem: bytes) -> datetime:
    """Give the moment (UTC) at which the first of a file's certificates to end does.

    Raises:
        CertificateError: there is none, or one that cannot be read.
    """
    blocks = _PEM.findall(pem)
    if not blocks:
        raise CertificateError("no certificate in PEM")
    try:
        return min(_end(base64.b64decode(block)) for block in blocks)
    except (IndexError, ValueError, KeyError, binascii.Error) as error:
        raise CertificateError(f"a certificate that cannot be read: {error}") from None


def _end(der: bytes) -> datetime:
    """Walk down: certificate, to be signed, then past version, serial number, algorithm and issuer to the validity."""
    fields = _children(_children(der)[0][1])
    signed = _children(fields[0][1])
    place = 4 if signed[0][0] == EXPLICIT_VERSION else 3
    tag, text = _children(signed[place][1])[1]
    return datetime.strptime(text.decode("ascii"), FORMATS[tag]).replace(tzinfo=UTC)


def _children(data: bytes) -> list[tuple[int, bytes]]:
    """Split ASN.1 (DER) into (tag, content)."""
    found, at = [], 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= 0x80:
            more = length - 0x80
            length, at = int.from_bytes(data[at : at + more]), at + more
        found.append((tag, data[at : at + length]))
        at += length
    return found
