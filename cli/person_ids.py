"""What is stored for the ids of persons: pseudonyms, by the key that the settings name; without a key nothing starts."""

import stat
from pathlib import Path

from cli.settings import Settings
from local.secrets import local_key_path
from pipelines.pseudonyms import PlainIds, Pseudonyms

HOW_TO_MAKE_ONE = "head -c 32 /dev/urandom | base64 > pseudonym.key && chmod 600 pseudonym.key"


class PseudonymKeyError(Exception):
    """There is no usable key; the message says what to do."""


def person_ids(settings: Settings) -> PlainIds:
    """Read the key: the setting's file, its variable, or the local stack's own in the data directory, in this order.

    Raises:
        PseudonymKeyError: there is none and plain ids are not allowed; or it is too short; or everybody may read its file.
    """
    key = _key(settings)
    if key is None:
        if settings.allow_plain_ids:
            return PlainIds()
        raise PseudonymKeyError(
            "no pseudonym key is set, and ids of persons are not stored as they are. Make a key and keep it as long as the "
            f"data:\n  {HOW_TO_MAKE_ONE}\n  export TIDEGAUGE_PSEUDONYM_KEY_FILE=$PWD/pseudonym.key\n"
            "For data that is about nobody, TIDEGAUGE_ALLOW_PLAIN_IDS=1 stores ids as they are."
        )
    try:
        return Pseudonyms(key)
    except ValueError as error:
        raise PseudonymKeyError(f"the pseudonym key is too short: {error}. Make one:\n  {HOW_TO_MAKE_ONE}") from None


def _key(settings: Settings) -> bytes | None:
    if settings.pseudonym_key_file is not None:
        return _read(settings.pseudonym_key_file)
    if text := settings.pseudonym_key.get_secret_value():
        return text.encode()
    local = local_key_path(settings.data_dir)
    return _read(local) if local.exists() else None


def _read(path: Path) -> bytes:
    """Read a key, which is all of the file but white space at its ends."""
    try:
        mode = path.stat().st_mode
        key = path.read_bytes().strip()
    except OSError as error:
        raise PseudonymKeyError(f"the pseudonym key {path} cannot be read: {error.strerror}") from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise PseudonymKeyError(f"the pseudonym key {path} is open to everybody on this machine: chmod 600 {path}")
    return key
