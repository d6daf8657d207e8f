"""Throwaway certificates of the tests: an authority, a server's, a client's, and an authority that nobody trusts."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, both PEM."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """What one authority vouches for.

    Attributes:
        ca: the authority.
        server: for 127.0.0.1.
        elsewhere: a server's, for another name.
        client: of somebody who connects.
        stranger: another authority.
    """

    ca: Pair
    server: Pair
    elsewhere: Pair
    client: Pair
    stranger: Pair


def make_certificates(folder: Path) -> Certificates:
    """Make them; skips the test where there is no openssl to make them with."""
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made by openssl, which is not installed")
    ca = _authority(folder, "ca")
    return Certificates(
        ca=ca,
        server=_signed(folder, ca, "server", "IP:127.0.0.1"),
        elsewhere=_signed(folder, ca, "elsewhere", "DNS:elsewhere.test"),
        client=_signed(folder, ca, "client", "DNS:client.test"),
        stranger=_authority(folder, "stranger"),
    )


def _authority(folder: Path, name: str) -> Pair:
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    extensions = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    _openssl("req", "-x509", *_new(name, pair), *extensions)
    return pair


def _signed(folder: Path, ca: Pair, name: str, alternative: str) -> Pair:
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    extensions = ["-addext", f"subjectAltName={alternative}", "-addext", "basicConstraints=critical,CA:FALSE"]
    _openssl("req", "-x509", *_new(name, pair), "-CA", str(ca.cert), "-CAkey", str(ca.key), *extensions)
    return pair


def _new(name: str, pair: Pair) -> list[str]:
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    return [*kind, "-subj", f"/CN={name}", "-keyout", str(pair.key), "-out", str(pair.cert)]


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=30)
