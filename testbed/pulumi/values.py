"""Property values as they travel between a program and its monitor: plain data, secrets, and what is not known yet."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2

Value = Any
"""None, bool, int, float, str, list, dict, `Secret` or `UNKNOWN`; lists and dictionaries hold the same again."""
Properties = dict[str, Value]
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
HIDDEN = "[secret]"
_SHORTEST = 4  # a shorter secret is part of too many words to be taken out of them


class Unsupported(Exception):
    """The program asks for something that this monitor does not do; the sentence says what."""


@dataclass(frozen=True)
class Secret:
    """A value that is encrypted in the state and never shown."""

    value: Value

    def __repr__(self) -> str:
        return HIDDEN


class Unknown:
    """What only the real run will tell."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = Unknown()


def read(message: struct_pb2.Struct) -> Properties:
    """The properties in a message."""
    return {key: _read(value) for key, value in message.fields.items()}


def write(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    """The message that carries these properties."""
    return struct_pb2.Struct(fields={key: _write(value) for key, value in properties.items()})


def plain(value: Value) -> Value:
    """The value without the mark of secrets."""
    return _mapped(value, lambda leaf: plain(leaf.value) if isinstance(leaf, Secret) else leaf)


def hidden(value: Value) -> Value:
    """The value as it may be shown."""
    return _mapped(value, lambda leaf: HIDDEN if isinstance(leaf, Secret) else "unknown" if leaf is UNKNOWN else leaf)


def is_unknown(value: Value) -> bool:
    """Whether anything in it is not known yet."""
    return any(leaf is UNKNOWN for leaf in _leaves(plain(value)))


def has_secret(value: Value) -> bool:
    """Whether anything in it is a secret."""
    return any(isinstance(leaf, Secret) for leaf in _leaves(value))


def secret_texts(value: Value) -> set[str]:
    """All texts in it that must not be shown."""
    secrets = [leaf for leaf in _leaves(value) if isinstance(leaf, Secret)]
    texts = {leaf for secret in secrets for leaf in _leaves(plain(secret)) if isinstance(leaf, str)}
    return {text for text in texts if len(text) >= _SHORTEST}


def _leaves(value: Value) -> Iterator[Value]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _mapped(value: Value, change: Callable[[Value], Value]) -> Value:
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return change(value)


def _read(value: struct_pb2.Value) -> Value:
    match value.WhichOneof("kind"):
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value
        case "list_value":
            return [_read(item) for item in value.list_value.values]
        case "struct_value":
            return _marked(read(value.struct_value))
        case _:
            return None


def _marked(found: Properties) -> Value:
    signature = found.get(SIGNATURE)
    if signature is None:
        return found
    if signature != SECRET_SIGNATURE:
        raise Unsupported("assets, archives and resource references as inputs need the real engine: `pulumi up`")
    return found["value"] if isinstance(found["value"], Secret) else Secret(found["value"])


def _write(value: Value) -> struct_pb2.Value:
    made = struct_pb2.Value()
    if value is UNKNOWN:
        made.string_value = UNKNOWN_TEXT
    elif isinstance(value, Secret):
        made.struct_value.CopyFrom(write({SIGNATURE: SECRET_SIGNATURE, "value": value.value}))
    elif isinstance(value, bool):
        made.bool_value = value
    elif isinstance(value, int | float):
        made.number_value = value
    elif isinstance(value, str):
        made.string_value = value
    elif isinstance(value, list):
        made.list_value.CopyFrom(struct_pb2.ListValue(values=[_write(item) for item in value]))
    elif isinstance(value, dict):
        made.struct_value.CopyFrom(write(value))
    else:
        made.null_value = struct_pb2.NULL_VALUE
    return made
