"""What a variable of the environment must look like: each reader returns its value, or says what is wrong with it."""

from __future__ import annotations

import base64
import re
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

Keys = tuple[tuple[str, bytes], ...]
"""Master keys with their names, newest first."""
KEY_BYTES: Final = 32
"""AES-256."""
KEY_NAME: Final = re.compile(r"[A-Za-z0-9]{1,16}")
SHORTEST_TOKEN: Final = 24
"""Characters that a bearer token has at least: what `openssl rand -base64 18` prints."""
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class BadValue(ValueError):
    """What a variable must look like; `Settings.from_env` puts the name before it."""


def text(value: str) -> str:
    """Take any text."""
    return value


def comma_list(value: str) -> tuple[str, ...]:
    """Read parts between commas; empty ones are none."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def web_address(value: str) -> str:
    """Read an http or https address, without the slash at its end."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise BadValue("must be a web address such as https://app.example.com")
    return value.rstrip("/")


def web_address_or_none(value: str) -> str:
    """Read such an address, or nothing."""
    return value and web_address(value)


def address_template(value: str) -> str:
    """Read an address with `{shop}` in it."""
    if "{shop}" not in value:
        raise BadValue("must contain {shop}")
    web_address(value.replace("{shop}", "shop"))
    return value.rstrip("/")


def path(value: str) -> Path:
    """Read a path; `~` is the home folder."""
    return Path(value).expanduser()


def path_or_none(value: str) -> Path | None:
    """Read a path, or nothing."""
    return path(value) if value else None


def seconds(value: str) -> timedelta:
    """Read a number of seconds above 0."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", value) or not float(value):
        raise BadValue("must be a number of seconds above 0")
    return timedelta(seconds=float(value))


def database(value: str) -> str:
    """Read PostgreSQL's address, or nothing."""
    if value and urlsplit(value).scheme not in {"postgresql", "postgres"}:
        raise BadValue("must begin with postgresql://")
    return value


def keys(value: str) -> Keys:
    """Read `name:base64 of 32 bytes`, newest first, between commas or line ends."""
    pairs = [part.partition(":") for part in comma_list(value.replace("\n", ","))]
    try:
        found = tuple((name, base64.b64decode(secret, validate=True)) for name, _, secret in pairs)
    except ValueError:
        found = ()
    sound = all(KEY_NAME.fullmatch(name) and len(key) == KEY_BYTES for name, key in found)
    if pairs and not (found and sound and len({name for name, _ in found}) == len(found)):
        raise BadValue("must be name:base64 of 32 bytes, each name once (see `backstop keys new`)")
    return found


def key_file(file: Path) -> Keys:
    """Read such keys from a file that nobody but its owner may open.

    Raises:
        BadValue: there is no such file, others may read it, or it does not hold keys.
    """
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode) or mode & OTHERS:
            raise BadValue("must be a file that only its owner may open (`chmod 400`)")
        found = keys(file.read_text().strip())
    except (OSError, UnicodeDecodeError):
        raise BadValue("must be a readable file of keys (see `backstop keys new`)") from None
    if not found:
        raise BadValue("must hold at least one key (see `backstop keys new`)")
    return found


def digits(value: str) -> str:
    """Read an id of digits, or nothing."""
    if value and not re.fullmatch(r"[0-9]{1,25}", value):
        raise BadValue("must be a number")
    return value


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return the reader of a whole number between two."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,7}", value) or not least <= int(value) <= most:
            raise BadValue(f"must be a whole number from {least} to {most}")
        return int(value)

    return parse


def smtp(value: str) -> str:
    """Read a mail server's address, or nothing."""
    if value and (urlsplit(value).scheme not in {"smtp", "smtps"} or not urlsplit(value).hostname):
        raise BadValue("must be an address such as smtp://user:password@mail.example.com:587?from=app@example.com")
    return value


def scale(value: str) -> float:
    """Read a factor above 0 and at most 1."""
    if not re.fullmatch(r"(0|1)(\.[0-9]{1,6})?", value) or not 0 < float(value) <= 1:
        raise BadValue("must be above 0 and at most 1")
    return float(value)


def bearer(value: str) -> str:
    """Read a secret that a caller shows in a header, or nothing; one that can be guessed is none."""
    if value and not re.fullmatch(rf"[!-~]{{{SHORTEST_TOKEN},256}}", value):
        raise BadValue(f"must be at least {SHORTEST_TOKEN} characters without spaces (`openssl rand -base64 32`)")
    return value
