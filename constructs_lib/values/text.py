"""The string types of values. Each is defined here once, with the explanation that messages use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Strict
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


@dataclass(frozen=True)
class Form:
    """A pattern for strings. The message for any other string contains the explanation."""

    pattern: str
    explanation: str
    max_length: int | None = None

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        """Return the pydantic schema that checks the pattern."""
        text = core_schema.str_schema(strict=True, pattern=self.pattern, max_length=self.max_length)
        message = f"must be {self.explanation}"
        return core_schema.custom_error_schema(text, custom_error_type="form", custom_error_message=message)


def printable(text: object) -> object:
    """Refuse characters that YAML, a header or a log line cannot hold: control characters and lone surrogates."""
    if isinstance(text, str) and not text.isprintable():
        bad = next((ch for ch in text if ch not in "\n\t" and not ch.isprintable()), None)
        if bad:
            raise PydanticCustomError("printable", f"must be printable text, found the character U+{ord(bad):04X}")
    return text


PlainText = Annotated[str, Strict(), BeforeValidator(printable)]
Line = Annotated[str, Form(r"^[^\n\t]*$", "one line of at most 500 characters", 500), BeforeValidator(printable)]
Reason = Annotated[
    str, Form(r"^[^\n\t]{10,500}$", "one line of 10 to 500 characters that says why"), BeforeValidator(printable)
]

#: An RFC 1123 label that begins with a letter: a valid name of a Service or a namespace.
Name = Annotated[
    str,
    Form(
        r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
        "a name: lower-case letters, digits and '-', at most 63, beginning with a letter",
    ),
]
#: The name of a port. Source: RFC 6335, section 5.1.
PortName = Annotated[
    str,
    Form(
        r"^[a-z](-?[a-z0-9])*$",
        "the name of a port: lower-case letters, digits and single '-', at most 15, beginning with a letter",
        15,
    ),
]
VariableName = Annotated[
    str, Form(r"^[A-Za-z_][A-Za-z0-9_]{0,252}$", "the name of an environment variable: letters, digits and '_'")
]
#: A key of a ConfigMap or a Secret. It is also the name of the mounted file.
FileName = Annotated[
    str, Form(r"^\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$", "a file name: letters, digits, '-', '_' and '.', at most 253", 253)
]
#: An absolute path inside a container, without empty or dotted steps, so that different strings are different paths.
FilePath = Annotated[
    str,
    Form(
        r"^(/[!-.0-9;-~]*[!-\-0-9;-~][!-.0-9;-~]*)+$",
        "an absolute path such as '/var/lib/data', without ':', spaces and a '/' at its end",
        1024,
    ),
]

_PART = r"[a-z0-9]+(([.]|__?|-+)[a-z0-9]+)*"
_REPOSITORY = rf"{_PART}((:[0-9]{{1,5}})?(/{_PART})+)?"
#: A repository of images, without tag and digest: `ghcr.io/acme/checkout`.
ImageRepository = Annotated[str, Form(rf"^{_REPOSITORY}$", "an image's repository without tag and digest", 255)]
#: An image by digest: `ghcr.io/acme/checkout@sha256:…`. Every image runs by digest.
Image = Annotated[
    str,
    Form(
        rf"^{_REPOSITORY}@sha256:[0-9a-f]{{64}}$",
        "an image by digest, 'repository@sha256:' and 64 hexadecimal digits; a tag such as 'latest' can change",
        400,
    ),
]

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
#: A host name, or its first labels.
Host = Annotated[str, Form(rf"^{_LABEL}(\.{_LABEL})*$", "a host name in lower case, such as 'shop.example.com'", 253)]

_ESCAPED = r"%([013-9A-Fa-f][0-9A-Fa-f]|2[0-9A-Ea-e])"
_STEP = rf"([A-Za-z0-9._~!$&'()*+,;=:@-]|{_ESCAPED})*([A-Za-z0-9_~!$&'()*+,;=:@-]|{_ESCAPED})"
#: A path of a URL, as a route matches it. Source: Gateway API, HTTPPathMatch.
UrlPath = Annotated[
    str,
    Form(
        rf"^(/|(/{_STEP}[.]*)+/?)$",
        "a URL path that begins with '/', such as '/api', without query, '//' and dotted steps",
        1024,
    ),
]
ProbePath = Annotated[str, Form(r"^/[!-~]*$", "a URL path that begins with '/', such as '/ready'", 1024)]
#: Source: RFC 9110, section 5.1.
HeaderName = Annotated[
    str, Form(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", "the name of a header: letters, digits and '-', at most 256", 256)
]
#: Source: RFC 9110, section 5.5.
HeaderValue = Annotated[str, Form(r"^[!-~]([ -~]*[!-~])?$", "the value of a header: printable ASCII", 4096)]

__all__ = [
    "FileName",
    "FilePath",
    "Form",
    "HeaderName",
    "HeaderValue",
    "Host",
    "Image",
    "ImageRepository",
    "Line",
    "Name",
    "PlainText",
    "PortName",
    "ProbePath",
    "Reason",
    "UrlPath",
    "VariableName",
    "printable",
]
