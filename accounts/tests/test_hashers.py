from unittest import mock

import pytest
from django.conf import settings
from django.contrib.auth.hashers import check_password, identify_hasher, is_password_usable
from django.test import TestCase, override_settings
from werkzeug.security import check_password_hash, generate_password_hash

from accounts import hashers
from accounts.hashers import ForeignHashError, adopt
from accounts.models import User
from accounts.tests.base import make_user

PASSWORD = "contraseña"
WRITTEN_BY_OLD_WERKZEUGS = [  # by the editions 0.14.1 and 2.2.3 themselves, all of PASSWORD
    "sha1$Rot95QfJ$f66742cdfea393bb3bfdd63c6cf5f0eb3ff316db",
    "md5$p0zoYj7qyC7QEwYn$aedba470dacb03d4d5ebdb3159d16942",
    "sha256$zDtDxPZx$fb6deb5dadfaeee54cae780a7493dbf5ec09344aaaffb43ac239fbe613d4c55c",
    "sha1$$8c31b65bdecdc9f18b695d7318186fd1feed690d",
    "pbkdf2:sha1:1000$pTrk5qsd$6668c7c5ba45d2efa0d8cd058d7a47b3f5029766",
    "pbkdf2:sha256:50000$t2GQWQYQ$2c11211b2c16e4c6ac0ffaf0eb2300edd662ad04537e8bd837264c0188b1caab",
    "pbkdf2:sha512:2000$71fEUlTM$bf56c594accfc117220b24fa519861faee821a83572b81f244b540561bb1fb7636461588801d6e7922c"
    "a3c93f5711c03620b79e0892ce3934c8f7939e36a9ef7",
]
METHODS = ["scrypt", "scrypt:1024:8:1", "scrypt:16384:4:2", "pbkdf2", "pbkdf2:sha1:1000", "pbkdf2:sha512:2000"]


@pytest.mark.parametrize("method", METHODS)
def test_verifies_what_werkzeug_writes(method):
    stored = adopt(generate_password_hash(PASSWORD, method))
    assert check_password(PASSWORD, stored)
    assert not check_password("contrasena", stored)


@pytest.mark.parametrize("password", ["x", "p'a\"ss", " spaces ", "пароль 🦊" * 20])
def test_verifies_any_password(password):
    for method in ["scrypt:1024:8:1", "pbkdf2:sha256:1000"]:
        stored = adopt(generate_password_hash(password, method))
        assert check_password(password, stored)
        assert not check_password(password.strip() + "x", stored)
        assert not check_password("", stored)


@pytest.mark.parametrize("pwhash", WRITTEN_BY_OLD_WERKZEUGS)
def test_verifies_what_old_werkzeugs_wrote(pwhash):
    assert check_password(PASSWORD, adopt(pwhash))
    assert not check_password("contrasena", adopt(pwhash))


@pytest.mark.parametrize("method", ["scrypt", "pbkdf2", "pbkdf2:sha256"])
def test_reads_absent_parameters_as_werkzeug_does(method):
    written = generate_password_hash(PASSWORD, method, salt_length=8)
    absent = "$".join([method, *written.split("$")[1:]])
    assert check_password_hash(absent, PASSWORD)
    assert check_password(PASSWORD, adopt(absent))


def test_writes_what_werkzeug_verifies():
    for hasher in [hashers.WerkzeugScryptPasswordHasher(), hashers.WerkzeugPBKDF2PasswordHasher()]:
        stored = hasher.encode(PASSWORD, hasher.salt())
        assert identify_hasher(stored).algorithm == hasher.algorithm
        parts = hasher.decode(stored)
        method = hasher.algorithm.removeprefix("werkzeug_")
        assert check_password_hash(f"{method}:{parts['parameters']}${parts['salt']}${parts['hash']}", PASSWORD)


@pytest.mark.parametrize(
    "pwhash",
    [
        "",
        "secret",
        "sha1$only-a-salt",
        "plain$$secret",
        "scrypt:32768:8:1$salt$" + "a" * 87,  # as a column of 128 characters cuts it
        "scrypt:32768:8:1$salt$" + "g" * 128,
        "scrypt:32768:8$salt$" + "a" * 128,
        "scrypt:32767:8:1$salt$" + "a" * 128,
        "scrypt:1:8:1$salt$" + "a" * 128,
        "scrypt:1048576:8:4$salt$" + "a" * 128,
        "scrypt:-2:8:1$salt$" + "a" * 128,
        "pbkdf2:sha256:0$salt$" + "a" * 64,
        "pbkdf2:sha256:99999999999$salt$" + "a" * 64,
        "pbkdf2:sha256:many$salt$" + "a" * 64,
        "pbkdf2:sha256:1:1$salt$" + "a" * 64,
        "pbkdf2:shake_256:1000$salt$" + "a" * 64,
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA",
        "sha1:1$salt$" + "a" * 40,
    ],
)
def test_refuses_what_no_password_can_match(pwhash):
    with pytest.raises(ForeignHashError):
        adopt(pwhash)


def test_compares_in_constant_time():
    stored = adopt(WRITTEN_BY_OLD_WERKZEUGS[0])
    with mock.patch("accounts.hashers.constant_time_compare", return_value=True) as compare:
        assert check_password("anything", stored)
    compare.assert_called_once()


def test_shows_the_admin_no_whole_hash():
    for pwhash in WRITTEN_BY_OLD_WERKZEUGS:
        stored = adopt(pwhash)
        shown = identify_hasher(stored).safe_summary(stored)
        assert pwhash.split("$")[2] not in str(shown)
        assert shown["algorithm"] in {"werkzeug_hmac", "werkzeug_pbkdf2"}


class SigningIn(TestCase):
    @override_settings(PASSWORD_HASHERS=[name for name in settings.PASSWORD_HASHERS if "MD5" not in name])
    def test_upgrades_to_argon2_at_the_first_sign_in(self):
        make_user("ada")
        longest = adopt(generate_password_hash(PASSWORD, salt_length=128))
        User.objects.update(password=longest)
        self.assertTrue(is_password_usable(longest))
        answer = self.client.post("/accounts/login/", {"username": "ada", "password": "wrong"})
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(User.objects.get().password, longest)
        for _time in range(2):
            self.client.post("/accounts/login/", {"username": "ada", "password": PASSWORD})
            self.assertIn("_auth_user_id", self.client.session)
            self.assertTrue(User.objects.get().password.startswith("argon2$argon2id$"))
            self.client.logout()
