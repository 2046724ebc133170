"""The encryption of secrets in a state: with a key in a file beside it, or with a passphrase."""

import base64
import os
import threading
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"
"""The variable of the environment that the `pulumi` command reads, too."""
_KEY = "key"
_SALT = "salt"


class WrongPassphrase(Exception):
    """What is in the state was encrypted with something else."""


class Crypt:
    """Encrypts and decrypts texts. The key is made when it is first needed, readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        """The folder holds the key, or the salt of the passphrase."""
        self._folder = folder

    def seal(self, text: str) -> str:
        """The text, encrypted."""
        return self._fernet.encrypt(text.encode()).decode()

    def reveal(self, sealed: str) -> str:
        """The text that was encrypted. Raises `WrongPassphrase`."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise WrongPassphrase(
                f"the secrets in {self._folder} were encrypted with another key: "
                f"set {PASSPHRASE} as it was, or unset it if {self._folder / _KEY} was used"
            ) from None

    @cached_property
    def _fernet(self) -> Fernet:
        passphrase = os.environ.get(PASSPHRASE)
        if passphrase is None:
            return Fernet(self._kept(_KEY, Fernet.generate_key()))
        salt = self._kept(_SALT, os.urandom(16))
        key = Scrypt(salt=salt, length=32, n=2**14, r=8, p=1).derive(passphrase.encode())
        return Fernet(base64.urlsafe_b64encode(key))

    def _kept(self, name: str, new: bytes) -> bytes:
        """What the file holds; the first to ask writes it, whole, so that two runs never make two keys."""
        path = self._folder / name
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            beside = self._folder / f"{name}.{os.getpid()}.{threading.get_ident()}"
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(new)
            try:
                os.link(beside, path)
            except FileExistsError:
                pass
            finally:
                beside.unlink()
        return path.read_bytes()
