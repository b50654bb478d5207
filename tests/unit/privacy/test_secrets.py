"""Secrets of channels, by clinic and name."""

import pytest

from orthocrm.core.errors import MissingKey
from orthocrm.core.ids import ClinicId
from orthocrm.privacy.secrets import SECRETS_VARIABLE, StaticSecrets, environment_secrets

ONE, OTHER = ClinicId("one"), ClinicId("other")


def test_secrets_of_the_clinic_come_before_those_of_every_clinic() -> None:
    secrets = StaticSecrets({"*": {"meta": ["app"]}, ONE: {"meta": ["new", "old"]}})
    assert secrets.live(ONE, "meta") == (b"new", b"old", b"app")
    assert secrets.live(OTHER, "meta") == (b"app",)
    assert secrets.live(ONE, "google") == ()


def test_a_blank_secret_is_none() -> None:
    with pytest.raises(MissingKey):
        StaticSecrets({"*": {"google": [""]}})


def test_the_environment_tells_secrets_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRETS_VARIABLE, '{"one": {"google": ["key"]}}')
    assert environment_secrets().live(ONE, "google") == (b"key",)


def test_without_the_variable_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRETS_VARIABLE, raising=False)
    assert environment_secrets().live(ONE, "google") == ()


@pytest.mark.parametrize(
    "text", ["", "hush", '["hush"]', '{"*": "hush"}', '{"*": {"a": "hush"}}', '{"*": {"a": [7]}}']
)
def test_what_is_not_of_the_form_is_refused_and_not_told(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRETS_VARIABLE, text)
    with pytest.raises(MissingKey) as refusal:
        environment_secrets()
    assert "hush" not in str(refusal.value)


def test_secrets_are_not_shown() -> None:
    assert "hush" not in repr(StaticSecrets({"*": {"a": ["hush"]}}))
