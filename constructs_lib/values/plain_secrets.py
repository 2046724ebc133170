"""Recognizes strings that look like secrets, so that secrets do not get into Git."""

from __future__ import annotations

import re
from collections.abc import Mapping

_WORD = r"(PASSWORD|PASSWD|PWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SIGNING_?KEY|CREDENTIALS?)"
_NAME = re.compile(rf"(^|_){_WORD}(_|$)")
_LAST = re.compile(rf"(^|_){_WORD}$")
_ABOUT_ONE = re.compile(
    r"_(FILE|PATH|DIR|URL|URI|TTL|SECONDS|MINUTES|NAME|HEADER|ENDPOINT|ISSUER|AUDIENCE|LENGTH|ALGORITHM|ENABLED"
    r"|REQUIRED|TYPE|VERSION|ID)$"
)
# References to other variables, paths and switches are not secrets, whatever the name of the variable.
_NO_SECRET = re.compile(r"(\$[({]|/|(true|false|yes|no|on|off|none|enabled|disabled)\Z)", re.IGNORECASE)
_GIVEN = r"(?![=$<{%*\s])"
_A_VALUE = r"(?!['\"]{2}|(none|null|nil|os\.|env|getenv|process\.)\b)"
_TEXT = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a Slack token": re.compile(r"\bxox[abposr]-[A-Za-z0-9-]{10,}"),
    "a Slack webhook": re.compile(r"hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{16,}"),
    "a Stripe key": re.compile(r"\b[sr]k_live_[A-Za-z0-9]{16,}"),
    "a Google API key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}"),
    "an API key": re.compile(r"\bsk-(proj-|ant-[a-z0-9]+-)?[A-Za-z0-9_]{32,}"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\."),
    "a password in a URL": re.compile(rf"(?i)[a-z][a-z0-9+.-]{{0,20}}://[^/\s:@]*:{_GIVEN}[^/\s@]+@"),
    "a password in a connection string": re.compile(
        rf"(?i)(^|[;\s.,_?&-])(password|passwd|pwd)[^\S\n]*=[^\S\n]*{_GIVEN}{_A_VALUE}[^;\s]+"
    ),
}
# Each pattern above needs one of these. Most strings contain none and pass without further checks.
_HINT = re.compile(
    r"(?i)-----BEGIN|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox|hooks\.slack|k_live_|AIza|sk-|eyJ|://|="
)


def looks_like(text: str) -> str | None:
    """Return the kind of secret that the string looks like, or None."""
    if not _HINT.search(text):
        return None
    return next((what for what, pattern in _TEXT.items() if pattern.search(text)), None)


def _is_named_secret(name: str, value: object) -> bool:
    upper = name.upper()
    if isinstance(value, int):
        return bool(_LAST.search(upper))
    return bool(_NAME.search(upper)) and not _ABOUT_ONE.search(upper) and not _NO_SECRET.match(str(value))


def refuse_plain_secrets(env: Mapping[str, object]) -> None:
    """Refuse environment variables whose plain value is a secret or whose name suggests one.

    Raises ValueError with the name of the variable, without its value.
    """
    for name, value in env.items():
        if not isinstance(value, str | int) or value == "":
            continue
        what = looks_like(str(value)) or ("a secret by its name" if _is_named_secret(name, value) else None)
        if what:
            raise ValueError(
                f"{name} holds {what} in plain text, got a string of {len(str(value))} characters; add a Secret(…) and "
                f"use SecretKey(secret=…, key=…), or Public(public=…, reason=…) if it is none"
            )


def refuse_secret_text(where: str, text: str, remedy: str = "") -> None:
    """Refuse a configuration, argument or patch that contains a secret. Raises ValueError."""
    if what := looks_like(text):
        remedy = remedy or "move it to a Secret(…) with a mount or a SecretKey(…)"
        raise ValueError(f"{where} holds {what} in plain text, got a string of {len(text)} characters; {remedy}")
