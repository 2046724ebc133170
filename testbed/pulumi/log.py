"""The lines of a run, for people. Secrets are taken out of them, whoever wrote them."""

import threading

from .outcome import Level, Message
from .values import HIDDEN, Value, secret_texts


class Log:
    """Takes lines from all threads of a run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[Message] = []
        self._secrets: set[str] = set()

    def hide(self, value: Value) -> None:
        """Its secrets are not to be shown from now on."""
        found = secret_texts(value)
        with self._lock:
            self._secrets |= found

    def say(self, level: Level, text: str, urn: str = "") -> None:
        """One more line; the same warning about the same resource is said once."""
        message = Message(level, text.rstrip(), urn)
        with self._lock:
            if level != "warning" or message not in self._messages:
                self._messages.append(message)

    def warn(self, text: str, urn: str) -> None:
        """A warning about a resource."""
        self.say("warning", text, urn)

    def without_secrets(self, text: str) -> str:
        """The text as it may be shown."""
        with self._lock:
            secrets = sorted(self._secrets, key=len, reverse=True)
        for secret in secrets:
            text = text.replace(secret, HIDDEN)
        return text

    @property
    def messages(self) -> tuple[Message, ...]:
        """All lines so far."""
        with self._lock:
            found = tuple(self._messages)
        return tuple(message._replace(text=self.without_secrets(message.text)) for message in found)
