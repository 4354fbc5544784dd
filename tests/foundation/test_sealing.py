"""Sealed values, blind indexes and the model field. No database: the field is asked what it would store."""

import hashlib
from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection, models
from django.db.models.lookups import IsNull
from django.test import override_settings
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import strategies as st

from anlan.foundation.sealing import (
    AES,
    SM,
    CannotUnseal,
    KeyRing,
    SealedTextField,
    Sealer,
    Suite,
    active_suite,
    blind_index,
    digest,
    digest_by,
    phone_index,
    sealer,
)
from anlan.foundation.sealing.suites import AesSuite, register

if not settings.configured:
    settings.configure(INSTALLED_APPS=[])
    django.setup()

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
NAME = "loop.Party.name"
BOTH_SUITES = pytest.mark.parametrize("suite", [AES, SM], ids=["aes", "sm"])


def sealer_of(suite: Suite, keys: dict[str, bytes] | None = None, index_key_id: str | None = None) -> Sealer:
    return Sealer(KeyRing(keys or {"2026": OLD}, index_key_id=index_key_id), suite)


@pytest.fixture
def configured() -> Iterator[None]:
    with override_settings(ANLAN_SEALING_KEYS=[("2026", OLD)], ANLAN_INDEX_KEY_ID=None, ANLAN_CIPHER_SUITE="aes"):
        yield


class TestSealer:
    @BOTH_SUITES
    @given(text=st.text())
    def test_any_text_comes_back_as_it_was(self, suite: Suite, text: str) -> None:
        one = sealer_of(suite)
        assert one.open(one.seal(text, context=NAME), context=NAME) == text

    @BOTH_SUITES
    def test_equal_texts_seal_to_different_bytes_that_do_not_hold_the_text(self, suite: Suite) -> None:
        one = sealer_of(suite)
        first, second = (one.seal("王建国", context=NAME) for _ in range(2))
        assert first != second
        assert "王建国".encode() not in first

    @BOTH_SUITES
    def test_a_value_moved_to_another_column_is_refused(self, suite: Suite) -> None:
        one = sealer_of(suite)
        with pytest.raises(CannotUnseal, match=r"people\.Account\.phone"):
            one.open(one.seal("王建国", context=NAME), context="people.Account.phone")

    @BOTH_SUITES
    def test_a_change_of_any_one_byte_is_refused(self, suite: Suite) -> None:
        one = sealer_of(suite)
        blob = one.seal("王建国", context=NAME)
        for place in range(len(blob)):
            changed = blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]
            with pytest.raises(CannotUnseal):
                one.open(changed, context=NAME)

    @given(blob=st.binary(max_size=60))
    def test_bytes_that_were_never_sealed_are_refused(self, blob: bytes) -> None:
        with pytest.raises(CannotUnseal):
            sealer_of(AES).open(blob, context=NAME)

    def test_a_value_cut_anywhere_is_refused(self) -> None:
        one = sealer_of(AES)
        blob = one.seal("王建国", context=NAME)
        for length in range(len(blob)):
            with pytest.raises(CannotUnseal):
                one.open(blob[:length], context=NAME)

    @BOTH_SUITES
    def test_the_error_carries_neither_text_nor_key_nor_a_cause(self, suite: Suite) -> None:
        blob = sealer_of(suite, {"2026": OLD}).seal("13812345678", context=NAME)
        with pytest.raises(CannotUnseal) as caught:
            sealer_of(suite, {"2026": OTHER}).open(blob, context=NAME)
        assert "138" not in str(caught.value)
        assert "xxx" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    def test_a_lone_surrogate_is_refused_without_repeating_the_text(self) -> None:
        with pytest.raises(ValueError, match=NAME) as caught:
            sealer_of(AES).seal("王\ud800", context=NAME)
        assert "王" not in str(caught.value)

    def test_one_suite_opens_what_the_other_sealed(self) -> None:
        blob = sealer_of(AES).seal("王建国", context=NAME)
        assert sealer_of(SM).open(blob, context=NAME) == "王建国"


class TestTurningKeys:
    old = sealer_of(AES)
    both = sealer_of(AES, {"2027": NEW, "2026": OLD}, index_key_id="2026")

    def test_a_new_key_seals_and_the_old_one_still_opens(self) -> None:
        blob = self.old.seal("王建国", context=NAME)
        assert self.both.open(blob, context=NAME) == "王建国"
        with pytest.raises(CannotUnseal, match="2027"):
            self.old.open(self.both.seal("王建国", context=NAME), context=NAME)

    def test_a_resealed_value_needs_the_old_key_no_more(self) -> None:
        blob = self.both.reseal(self.old.seal("王建国", context=NAME), context=NAME)
        assert sealer_of(AES, {"2027": NEW}).open(blob, context=NAME) == "王建国"

    def test_resealing_what_is_current_changes_nothing(self) -> None:
        blob = self.both.seal("王建国", context=NAME)
        assert self.both.reseal(blob, context=NAME) == blob

    def test_resealing_moves_a_value_to_the_current_suite(self) -> None:
        blob = sealer_of(SM).reseal(self.old.seal("王建国", context=NAME), context=NAME)
        assert blob[1] == SM.suite_id

    def test_resealing_refuses_a_changed_value(self) -> None:
        blob = self.both.seal("王建国", context=NAME)
        with pytest.raises(CannotUnseal):
            self.both.reseal(blob[:-1] + bytes([blob[-1] ^ 1]), context=NAME)

    def test_the_blind_index_survives_a_turn_of_the_sealing_key(self) -> None:
        assert self.old.index("13812345678", context="phone") == self.both.index("13812345678", context="phone")

    def test_the_next_index_key_can_be_asked_for_before_it_is_named(self) -> None:
        turned = sealer_of(AES, {"2027": NEW, "2026": OLD}, index_key_id="2027")
        coming = self.both.index("13812345678", context="phone", key_id="2027")
        assert coming == turned.index("13812345678", context="phone")
        assert coming != self.both.index("13812345678", context="phone")

    def test_with_two_keys_the_index_key_must_be_named(self) -> None:
        with pytest.raises(ValueError, match="index_key_id"):
            KeyRing({"2027": NEW, "2026": OLD})


@BOTH_SUITES
def test_an_index_has_16_bytes_and_differs_by_context_text_and_key(suite: Suite) -> None:
    one = sealer_of(suite)
    index = one.index("13812345678", context="phone")
    assert len(index) == 16
    others = [
        one.index("13812345679", context="phone"),
        one.index("13812345678", context="code"),
        one.index("13812345678", context="phon"),
        one.index("e13812345678", context="phon"),
        sealer_of(suite, {"2026": OTHER}).index("13812345678", context="phone"),
    ]
    assert index not in others


@pytest.mark.parametrize(
    ("keys", "index_key_id", "named"),
    [
        ({}, None, "at least one"),
        ({"2026": b"short"}, None, "'2026' must be 32 bytes"),
        ({"": OLD}, None, "1 to 64"),
        ({"年": OLD}, None, "ASCII"),
        ({"2026": OLD}, "2025", "'2025' is not in the key ring"),
    ],
)
def test_a_key_ring_of_the_wrong_shape_names_the_key(
    keys: dict[str, bytes], index_key_id: str | None, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        KeyRing(keys, index_key_id=index_key_id)


def test_a_key_ring_does_not_show_its_keys() -> None:
    assert "ooo" not in repr(KeyRing({"2026": OLD}))


class TestSuites:
    def test_sm4_gcm_agrees_with_the_published_vector(self) -> None:
        """RFC 8998, appendix A.1."""
        plain = bytes.fromhex("aa" * 8 + "bb" * 8 + "cc" * 8 + "dd" * 8 + "ee" * 8 + "ff" * 8 + "ee" * 8 + "aa" * 8)
        sealed = SM.encrypt(
            bytes.fromhex("0123456789abcdeffedcba9876543210"),
            bytes.fromhex("00001234567800000000abcd"),
            plain,
            bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
        )
        assert sealed.hex() == (
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
            "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
            "83de3541e4c2b58177e065a9bf7b62ec"
        )

    def test_sm3_agrees_with_the_published_vector(self) -> None:
        """GB/T 32905, appendix A.1."""
        assert SM.digest(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"

    def test_a_suite_id_cannot_be_taken_twice(self) -> None:
        with pytest.raises(ValueError, match="already taken by aes"):
            register(AesSuite())


class TestConfiguration:
    @pytest.mark.parametrize(
        ("changed", "named"),
        [
            ({"ANLAN_SEALING_KEYS": []}, "ANLAN_SEALING_KEYS"),
            ({"ANLAN_SEALING_KEYS": [("a", OLD), ("a", NEW)]}, "twice"),
            ({"ANLAN_SEALING_KEYS": [("a", b"short")]}, "ANLAN_SEALING_KEYS: key 'a'"),
            (
                {"ANLAN_CIPHER_SUITE": "rot13"},
                "ANLAN_CIPHER_SUITE: unknown cipher suite 'rot13': use one of aes, sm",
            ),
            ({"ANLAN_CIPHER_SUITE": "no.such.Suite"}, "ANLAN_CIPHER_SUITE"),
        ],
    )
    def test_a_wrong_setting_is_named(self, configured: None, changed: dict[str, Any], named: str) -> None:
        with override_settings(**changed), pytest.raises(ImproperlyConfigured, match=named):
            sealer()

    def test_a_suite_can_be_plugged_in_by_its_path(self, configured: None) -> None:
        with override_settings(ANLAN_CIPHER_SUITE="anlan.foundation.sealing.suites.SM"):
            assert active_suite() is SM

    def test_the_digest_follows_the_active_suite(self, configured: None) -> None:
        assert digest(b"abc") == hashlib.sha256(b"abc").digest() == digest_by(AES.suite_id, b"abc")
        with override_settings(ANLAN_CIPHER_SUITE="sm"):
            assert digest(b"abc") == SM.digest(b"abc") == digest_by(SM.suite_id, b"abc")

    def test_a_digest_by_an_unknown_suite_is_refused(self) -> None:
        with pytest.raises(ValueError, match="suite_id"):
            digest_by(99, b"abc")


@pytest.mark.usefixtures("configured")
class TestBlindIndex:
    @pytest.mark.parametrize(
        ("kind", "plain", "typed"),
        [
            ("phone", "13812345678", "+86 138-1234-5678"),
            ("phone", "13812345678", "8613812345678"),
            ("phone", "13812345678", "0086 138 1234 5678"),
            ("phone", "13812345678", "１３８１２３４５６７８"),
            ("phone", "13812345678", "\u202a138\u20111234\u20115678\u202c"),
            ("phone", "057188881234", "(0571) 8888-1234"),
            ("phone", "057188881234", "+86 571 8888 1234"),
            ("phone", "4001234567", "+86 400-123-4567"),
            ("id_number", "11010519491231002X", "110105 19491231 002x"),
            ("id_number", "11010519491231002X", "１１０１０５１９４９１２３１００２Ｘ"),
            ("code", "K7QM4R2X", "k7qm-4r2x "),
        ],
    )
    def test_a_value_is_found_however_it_was_typed(self, kind: str, plain: str, typed: str) -> None:
        assert blind_index(kind, typed) == blind_index(kind, plain)

    def test_a_landline_that_begins_with_86_keeps_its_digits(self) -> None:
        assert phone_index("86123456") != phone_index("123456")

    def test_one_text_of_two_kinds_has_two_indexes(self) -> None:
        assert blind_index("phone", "123456") != blind_index("code", "123456")

    @pytest.mark.parametrize(("kind", "text", "named"), [("phone", " - ", "phone"), ("email", "a@b", "kind: 'email'")])
    def test_what_cannot_be_indexed_is_named(self, kind: str, text: str, named: str) -> None:
        with pytest.raises(ValueError, match=named):
            blind_index(kind, text)


@isolate_apps()
def party_model() -> type[models.Model]:
    class Party(models.Model):
        name = SealedTextField(null=True)

        class Meta:
            app_label = "sealing_test"

    return Party


@pytest.mark.usefixtures("configured")
class TestField:
    def field(self) -> SealedTextField[Any, Any]:
        field = party_model()._meta.get_field("name")
        assert isinstance(field, SealedTextField)
        return field

    def test_it_stores_sealed_bytes_and_gives_the_text_back(self) -> None:
        field = self.field()
        stored = field.get_db_prep_save("王建国", connection)
        assert sealer().open(stored, context="sealing_test.Party.name") == "王建国"
        assert field.from_db_value(memoryview(stored), None, connection) == "王建国"

    def test_none_stays_none(self) -> None:
        field = self.field()
        assert field.get_db_prep_save(None, connection) is None
        assert field.from_db_value(None, None, connection) is None

    @pytest.mark.parametrize("lookup", ["name", "name__contains", "name__in", "name__length__gt"])
    def test_a_search_in_it_points_to_the_blind_index(self, lookup: str) -> None:
        with pytest.raises(FieldError, match=r"sealing_test\.Party\.name is sealed.*blind index"):
            party_model()._default_manager.filter(**{lookup: "王"})

    def test_it_can_be_tested_for_being_null(self) -> None:
        where = party_model()._default_manager.filter(name__isnull=True).query.where
        (condition,) = where.children
        assert isinstance(condition, IsNull)

    def test_a_renamed_field_still_reads_under_its_old_context(self) -> None:
        stored = self.field().get_db_prep_save("王建国", connection)
        renamed: SealedTextField[Any, Any] = SealedTextField(context="sealing_test.Party.name")
        assert renamed.clone().from_db_value(stored, None, connection) == "王建国"

    @pytest.mark.parametrize("option", ["unique", "db_index", "primary_key"])
    def test_it_cannot_be_unique_or_indexed(self, option: str) -> None:
        options: dict[str, Any] = {option: True}
        field: SealedTextField[Any, Any] = SealedTextField(**options)
        field.set_attributes_from_name("name")
        assert "anlan.E001" in [problem.id for problem in field.check()]
        assert "anlan.E001" not in [problem.id for problem in self.field().check()]
