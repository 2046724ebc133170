"""The ground of every value: frozen, closed to unknown fields, and clear about what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints, ValidationError

SCHEMA = 1
"""The version of the written form of every value."""


Int = Annotated[int, Strict()]
Bool = Annotated[bool, Strict()]
Text = Annotated[str, Strict()]

#: An RFC 1123 label: what Kubernetes accepts as the name of a Service or a namespace.
Name = Annotated[str, Strict(), StringConstraints(pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")]
#: The name of a port, at most 15 characters (RFC 6335).
PortName = Annotated[str, Strict(), StringConstraints(pattern=r"^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$")]
PortNumber = Annotated[int, Strict(), Field(ge=1, le=65535)]
#: The name of an environment variable: letters, digits and underscores.
VariableName = Annotated[str, Strict(), StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,252}$")]
#: An absolute path inside a container.
FilePath = Annotated[str, Strict(), StringConstraints(pattern=r"^/[^\x00-\x1f:]*$", max_length=1024)]
#: A repository of images, without tag and digest: `ghcr.io/acme/checkout`.
ImageRepository = Annotated[
    str, Strict(), StringConstraints(pattern=r"^[a-z0-9]([a-z0-9._/-]|:[0-9]+/)*[a-z0-9]$", max_length=255)
]
#: An image by digest: `ghcr.io/acme/checkout@sha256:…`; the only form in which an image runs.
Image = Annotated[
    str,
    Strict(),
    StringConstraints(pattern=r"^[a-z0-9]([a-z0-9._/-]|:[0-9]+/)*[a-z0-9]@sha256:[0-9a-f]{64}$", max_length=400),
]
#: A host name, as a whole or the first labels of one.
Host = Annotated[
    str,
    Strict(),
    StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"),
]
#: A path of a URL, as a route matches it.
UrlPath = Annotated[str, Strict(), StringConstraints(pattern=r"^/[A-Za-z0-9/._~!$&'()*+,;=:@%-]*$", max_length=1024)]
Seconds = Annotated[int, Strict(), Field(ge=0, le=86_400)]
Reason = Annotated[str, Strict(), StringConstraints(min_length=10, max_length=500)]


def printable(text: object) -> object:
    """Refuse what YAML, a header or a log line cannot carry: control characters and lone surrogates."""
    if isinstance(text, str) and any(ch not in "\n\t" and not ch.isprintable() for ch in text):
        bad = next(ch for ch in text if ch not in "\n\t" and not ch.isprintable())
        raise ValueError(f"must be printable text, found the character U+{ord(bad):04X}")
    return text


PlainText = Annotated[str, Strict(), BeforeValidator(printable)]
Line = Annotated[str, Strict(), BeforeValidator(printable), StringConstraints(pattern=r"^[^\n\t]*$", max_length=500)]


class Value(BaseModel):
    """A frozen record that checks itself once, when it is made."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True, allow_inf_nan=False
    )

    def written(self) -> dict[str, Any]:
        """The fields that were set to something other than their default, as JSON data."""
        return self.model_dump(mode="json", exclude_defaults=True)


class Problem(Exception):
    """What a person got wrong, as sentences; each says what, the value, and the remedy."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


_HINTS = {
    "Name": "a name: lower-case letters, digits and '-', at most 63, beginning with a letter",
    "PortName": "the name of a port: lower-case letters, digits and '-', at most 15",
}
_PATTERNS = {
    r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$": _HINTS["Name"],
    r"^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$": _HINTS["PortName"],
    r"^[A-Za-z_][A-Za-z0-9_]{0,252}$": "the name of an environment variable: letters, digits and '_'",
    r"^/[^\x00-\x1f:]*$": "an absolute path that begins with '/'",
    r"^[a-z0-9]([a-z0-9._/-]|:[0-9]+/)*[a-z0-9]$": "an image's repository without tag and digest",
    r"^[a-z0-9]([a-z0-9._/-]|:[0-9]+/)*[a-z0-9]@sha256:[0-9a-f]{64}$": (
        "an image by digest, 'repository@sha256:' and 64 hexadecimal digits; a tag such as 'latest' can change"
    ),
    r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$": "a host name in lower case",
    r"^/[A-Za-z0-9/._~!$&'()*+,;=:@%-]*$": "a URL path that begins with '/'",
}


def shown(value: object, limit: int = 80) -> str:
    """The value as a sentence shows it: short, on one line, never a whole document."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _sentence(subject: str, error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"] if not str(part).startswith(("function-", "tagged-union")))
    kind, context = error["type"], error.get("ctx", {})
    got = f", got {shown(error['input'])}"
    if kind == "extra_forbidden":
        message, got = "is not a field here; see `docs/reference.md` for the fields that are", ""
    elif kind == "missing":
        message, got = "must be given", ""
    elif kind == "string_pattern_mismatch":
        message = f"must be {_PATTERNS.get(context.get('pattern', ''), 'of the form ' + str(context.get('pattern')))}"
    elif kind in ("value_error", "assertion_error"):
        message = str(context.get("error", error["msg"]))
        got = "" if "got " in message or not place else got
    else:
        message = error["msg"].removeprefix("Input ").lower()
    return f"{subject}: {place + ' ' if place else ''}{message}{got}"


def sentences(subject: str, error: ValidationError) -> list[str]:
    """One sentence for each thing that is wrong, in the order in which the fields stand.

    The subject is the service, or the file, that the person knows it by.
    """
    return [_sentence(subject, dict(each)) for each in error.errors(include_url=False)]


def twice(items: Iterable[str]) -> str | None:
    """The first item that comes a second time, or None."""
    seen: set[str] = set()
    for item in items:
        if item in seen:
            return item
        seen.add(item)
    return None
