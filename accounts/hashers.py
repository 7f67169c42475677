"""Passwords that came with a Flask Microblog: Werkzeug's hashes, verified here until their members sign in once.

Werkzeug writes `method$salt$hex`; Django wants to read an algorithm before the first `$`, and nothing but that. So
`scrypt:32768:8:1$salt$hex` is stored as `werkzeug_scrypt$32768:8:1$salt$hex`. The first sign-in stores an Argon2 hash
instead, because Django upgrades whatever was not made by the first of PASSWORD_HASHERS.
Source: https://docs.djangoproject.com/en/5.2/topics/auth/passwords/#password-upgrading
"""

import hashlib
import hmac
from typing import Any

from django.contrib.auth.hashers import BasePasswordHasher, mask_hash
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_noop as _

DIGESTS = frozenset(["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
SCRYPT_DIGITS = 128  # hexadecimal digits of the 64 bytes that hashlib.scrypt makes
SCRYPT_MEMORY = 256 * 1024 * 1024  # bytes; eight times what Werkzeug asks for
PBKDF2_ITERATIONS = 10_000_000  # ten times what Werkzeug asks for


class ForeignHashError(ValueError):
    """No password can match this hash; the text says why."""


class WerkzeugPasswordHasher(BasePasswordHasher):
    """What Werkzeug's hashes have in common; a subclass knows how one is derived."""

    defaults: str  # the parameters of a hash that names none

    def derive(self, password: str, parameters: str, salt: str) -> str:
        """The hexadecimal hash. `parameters` were checked by `adopt`."""
        raise NotImplementedError

    def encode(self, password: str, salt: str, parameters: str = "") -> str:
        parameters = parameters or self.defaults
        return f"{self.algorithm}${parameters}${salt}${self.derive(password, parameters, salt)}"

    def decode(self, encoded: str) -> dict[str, str]:
        algorithm, parameters, salt, digest = encoded.split("$", 3)
        return {"algorithm": algorithm, "parameters": parameters, "salt": salt, "hash": digest}

    def verify(self, password: str, encoded: str) -> bool:
        parts = self.decode(encoded)
        return constant_time_compare(self.derive(password, parts["parameters"], parts["salt"]), parts["hash"])

    def safe_summary(self, encoded: str) -> Any:
        parts = self.decode(encoded)
        return {
            _("algorithm"): parts["algorithm"],
            _("parameters"): parts["parameters"],
            _("salt"): mask_hash(parts["salt"]),
            _("hash"): mask_hash(parts["hash"]),
        }

    def must_update(self, encoded: str) -> bool:
        return True

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: Django asks this of the preferred hasher only, and these are never preferred."""


class WerkzeugScryptPasswordHasher(WerkzeugPasswordHasher):
    """`scrypt:n:r:p`, the default of Werkzeug since 2.3."""

    algorithm = "werkzeug_scrypt"
    defaults = "32768:8:1"

    def derive(self, password: str, parameters: str, salt: str) -> str:
        n, r, p = map(int, parameters.split(":"))
        # OpenSSL allows 32 MiB unless told otherwise: just too little for Werkzeug's parameters.
        memory = 132 * n * r * p
        return hashlib.scrypt(password.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=memory).hex()


class WerkzeugPBKDF2PasswordHasher(WerkzeugPasswordHasher):
    """`pbkdf2:digest:iterations`, the default of Werkzeug before 2.3."""

    algorithm = "werkzeug_pbkdf2"
    defaults = "sha256:1000000"

    def derive(self, password: str, parameters: str, salt: str) -> str:
        digest, iterations = parameters.split(":")
        return hashlib.pbkdf2_hmac(digest, password.encode(), salt.encode(), int(iterations)).hex()


class WerkzeugHMACPasswordHasher(WerkzeugPasswordHasher):
    """`digest$salt$hex`, which Werkzeug wrote before it knew PBKDF2 and read until 3.0."""

    algorithm = "werkzeug_hmac"
    defaults = "sha1"

    def derive(self, password: str, parameters: str, salt: str) -> str:
        if salt:
            return hmac.new(salt.encode(), password.encode(), parameters).hexdigest()
        return hashlib.new(parameters, password.encode()).hexdigest()


def adopt(pwhash: str) -> str:
    """A hash as Werkzeug wrote it, in the form that Django stores.

    Raise ForeignHashError for one that no password can match, or that would take unreasonable time or memory.
    """
    if pwhash.count("$") != 2:
        raise ForeignHashError("it is not a hash of Werkzeug's")
    method, salt, digest = pwhash.split("$")
    scheme, *arguments = method.split(":")
    try:
        if scheme == "scrypt":
            algorithm, parameters, digits = _scrypt(*(arguments or ["32768", "8", "1"]))
        elif scheme == "pbkdf2":
            algorithm, parameters, digits = _pbkdf2(*arguments)
        else:
            algorithm, parameters, digits = _hmac(scheme, *arguments)
    except (TypeError, ValueError) as error:
        raise ForeignHashError(f"its method {method[:40]!r} is not known here") from error
    if len(digest) != digits or set(digest) - set("0123456789abcdef"):
        raise ForeignHashError("it is cut off or damaged")
    return f"{algorithm}${parameters}${salt}${digest}"


def _scrypt(n: str, r: str, p: str) -> tuple[str, str, int]:
    cost, block, lanes = int(n), int(r), int(p)
    sound = cost > 1 and cost & (cost - 1) == 0 and block > 0 and lanes > 0
    if not sound or 132 * cost * block * lanes > SCRYPT_MEMORY:
        raise ValueError(n)
    return WerkzeugScryptPasswordHasher.algorithm, f"{cost}:{block}:{lanes}", SCRYPT_DIGITS


def _pbkdf2(digest: str = "sha256", iterations: str = "1000000") -> tuple[str, str, int]:
    if not 0 < int(iterations) <= PBKDF2_ITERATIONS:
        raise ValueError(iterations)
    return WerkzeugPBKDF2PasswordHasher.algorithm, f"{digest}:{int(iterations)}", _digits(digest)


def _hmac(digest: str) -> tuple[str, str, int]:
    return WerkzeugHMACPasswordHasher.algorithm, digest, _digits(digest)


def _digits(digest: str) -> int:
    if digest not in DIGESTS:
        raise ValueError(digest)
    return 2 * hashlib.new(digest, usedforsecurity=False).digest_size
