"""Recognizes text that looks like a secret, so that none is written into Git."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SIGNING_?KEY|CREDENTIALS?)(_|$)"
)
_ABOUT_ONE = re.compile(r"_(FILE|PATH|DIR|URL|URI|TTL|SECONDS|NAME|HEADER|ENDPOINT|ISSUER|AUDIENCE|LENGTH|ALGORITHM)$")
_TEXT = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a Slack token": re.compile(r"\bxox[abposr]-[A-Za-z0-9-]{10,}"),
    "a Stripe key": re.compile(r"\b[sr]k_live_[A-Za-z0-9]{16,}"),
    "a Google API key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\."),
    "a password in a URL": re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:(?!\$\()[^/\s@]+@"),
    "a password in a connection string": re.compile(r"(?i)(^|[;\s])(password|pwd)\s*=\s*(?!\$\()[^;\s]+"),
}


def looks_like(text: str) -> str | None:
    """What kind of secret the text looks like, or None."""
    return next((what for what, pattern in _TEXT.items() if pattern.search(text)), None)


def refuse_plain_secrets(env: Mapping[str, object]) -> None:
    """Refuse an environment in which a plain value is, or is named like, a secret.

    Raises ValueError with the variable's name; the value itself is not repeated.
    """
    for name, value in env.items():
        if not isinstance(value, str) or not value:
            continue
        upper = name.upper()
        named = bool(_NAME.search(upper)) and not _ABOUT_ONE.search(upper) and not value.startswith(("$(", "/"))
        what = looks_like(value) or ("a secret by its name" if named else None)
        if what:
            raise ValueError(
                f"{name} holds {what} in plain text, got a text of {len(value)} characters; add a Secret(…) and use "
                f"SecretKey(secret=…, key=…), or Public(public=…, reason=…) if it is none"
            )


def refuse_secret_text(where: str, text: str) -> None:
    """Refuse configuration, an argument or a patch that holds a secret. Raises ValueError."""
    if what := looks_like(text):
        raise ValueError(f"{where} holds {what} in plain text; move it to a Secret(…) with a mount or a SecretKey(…)")
