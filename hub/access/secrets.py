"""Keys and passwords: opaque keys are stored as SHA-256, passwords as argon2id with bounded concurrency."""

import hashlib
import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from contract.refusal import Refused

SHORTEST = 12
"""Letters of a password a person chooses."""
_LONGEST = 256
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else on paper


def new_key() -> str:
    """32 random bytes, in letters that fit a cookie or a header."""
    return secrets.token_urlsafe(32)


def hash_of(key: str) -> str:
    """How an opaque key lies in the store: it is random, so SHA-256 is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def one_time_password() -> str:
    """Sixteen letters in four groups, about 79 bits: to be typed once from a terminal."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


class Busy(Exception):
    """Too many people log in at this moment."""


class Passwords:
    """argon2id at 19 MiB, two passes, one lane; never more than `at_once` at a time.

    The bound is what keeps a flood of logins from taking the memory and the cores of a small hub.
    """

    def __init__(self, at_once: int = 2, patience_seconds: float = 5.0) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
        self._slots = BoundedSemaphore(at_once)
        self._patience = patience_seconds
        self._nobody = ""

    def hash(self, password: str) -> str:
        """The encoded hash; raises `Busy` when no slot comes free in time."""
        self._wait()
        try:
            return self._hasher.hash(password)
        finally:
            self._slots.release()

    def matches(self, encoded: str | None, password: str) -> bool:
        """Whether `password` is the one behind `encoded`; None stands for an account that does not exist."""
        self._wait()
        try:
            if encoded is None and not self._nobody:
                self._nobody = self._hasher.hash(secrets.token_hex(16))
            # An unknown login costs the same time as a known one.
            return self._hasher.verify(encoded or self._nobody, password) and encoded is not None
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._slots.release()

    def _wait(self) -> None:
        if not self._slots.acquire(timeout=self._patience):
            raise Busy


def check_password(password: str, login: str) -> None:
    """Raise `Refused` if a password is too easy to guess or too long to hash."""
    if len(password) < SHORTEST:
        raise Refused(f"新しいパスワードは {SHORTEST} 文字以上にしてください。")
    if len(password) > _LONGEST:
        raise Refused(f"新しいパスワードは {_LONGEST} 文字までにしてください。")
    if login.casefold() in password.casefold() or len(set(password)) < 5:
        raise Refused("新しいパスワードに、ログイン名や同じ文字の繰り返しは使えません。")
