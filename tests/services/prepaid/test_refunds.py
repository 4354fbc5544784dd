"""Refunds: the seven worked cases, each rule by itself, and what holds of every refund."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from anlan.foundation.rules import RuleBook, declared
from anlan.services.prepaid.refunds.reckoning import NotCovered, Overdrawn, refund
from anlan.services.prepaid.refunds.schemas import Claim, Refund, Valuation

PAID_ON = date(2025, 6, 3)
ENDED_ON = date(2025, 9, 1)


def reckoned(cause: str, *, book: RuleBook | None = None, **more: Any) -> Refund:
    """A refund without interest, as it is paid back on the day on which the contract ends."""
    told = {"cause": cause, "ended_on": ENDED_ON, "repaid_on": ENDED_ON, **more}
    return refund(Claim.model_validate(told), book=book or declared())


def paid(yuan: int, gift: int = 0, **more: Any) -> dict[str, Any]:
    return {"paid_on": PAID_ON, "paid_fen": yuan * 100, "gift_fen": gift * 100, **more}


def use(yuan: int, price: int | None = None, **more: Any) -> dict[str, Any]:
    return {"list_fen": yuan * 100, "price_fen": (yuan if price is None else price) * 100, **more}


def rules_of(found: Refund) -> list[str]:
    return [line.rule for line in found.lines]


def setting(id: str, value: int) -> RuleBook:
    """The rules with one setting decided otherwise."""
    book = declared()
    (rule,) = book.versions(id)
    return book.amended([rule.model_copy(update={"value": value})])


class TestWorkedCases:
    """T1 to T7 of the field rules, section 4.2."""

    def test_t1_a_gifted_amount_is_shared_by_what_was_paid(self) -> None:
        found = reckoned("operator", top_ups=[paid(3000, 1000)], uses=[use(3594)])
        assert found.total_fen == 304_50
        assert [line.amount_fen for line in found.lines] == [3000_00, -2695_50]
        assert rules_of(found) == ["R1", "R3"]
        assert "第十八条第一款第二项" in found.lines[1].article.zh
        assert found.lines[1].working == "3000.00 ÷ 4000.00 × 3594.00 = 2695.50"

    @pytest.mark.parametrize(
        ("times", "cause", "total", "rules"),
        [
            (3, "operator", 520_00, ["R1", "R2"]),
            (3, "neither", 520_00, ["R1", "R2"]),
            (3, "consumer", 400_00, ["R1", "R4"]),
            (6, "operator", 40_00, ["R1", "R2"]),
            (6, "consumer", 0, ["R1", "R4", "R7"]),
        ],
    )
    def test_t2_and_t3_a_discount_counts_by_who_caused_the_end(
        self, times: int, cause: str, total: int, rules: list[str]
    ) -> None:
        found = reckoned(cause, top_ups=[paid(1000)], uses=[use(200, 160)] * times)
        assert found.total_fen == total
        assert rules_of(found) == rules

    def test_t4_an_unlimited_card_counts_from_the_day_the_operator_stopped(self) -> None:
        first = date(2025, 1, 1)
        found = reckoned(
            "operator",
            ended_on=first + timedelta(days=129),
            repaid_on=first + timedelta(days=129),
            top_ups=[{"paid_on": first, "paid_fen": 3650_00}],
            unlimited={
                "starts_on": first,
                "ends_on": first + timedelta(days=364),
                "last_served_on": first + timedelta(days=99),
            },
        )
        assert found.total_fen == 2650_00
        assert rules_of(found) == ["R1", "R8"]

    @pytest.mark.parametrize(("cause", "total"), [("operator", 600_00), ("consumer", 400_00)])
    def test_t5_a_gift_counts_by_who_caused_the_end(self, cause: str, total: int) -> None:
        assert reckoned(cause, top_ups=[paid(1000, 500)], uses=[use(600)]).total_fen == total

    @pytest.mark.parametrize(
        ("paid_on", "asked_on", "applies"),
        [
            (date(2025, 5, 1), date(2025, 5, 8), True),
            (date(2025, 5, 1), date(2025, 5, 9), False),
            # The seventh day is Saturday 28 June: the first working day after it still counts.
            (date(2025, 6, 21), date(2025, 6, 30), True),
            (date(2025, 6, 21), date(2025, 7, 1), False),
        ],
    )
    def test_t6_seven_days_begin_on_the_day_after_and_end_on_a_working_day(
        self, paid_on: date, asked_on: date, applies: bool
    ) -> None:
        found = reckoned(
            "consumer",
            top_ups=[{"paid_on": paid_on, "paid_fen": 1000_00}],
            withdrawal={"asked_on": asked_on, "had_the_same": False},
        )
        assert found.total_fen == 1000_00
        assert ("R10" in rules_of(found)) is applies

    def test_t7_an_agreed_price_that_is_better_for_the_consumer_counts(self) -> None:
        found = reckoned("consumer", top_ups=[paid(1000)], uses=[use(200, 160)] * 3, agreement={"valuation": "price"})
        assert found.total_fen == 520_00
        assert rules_of(found) == ["R1", "R6"]


class TestEachRule:
    def test_r5_a_list_price_that_is_disputed_and_not_proved_gives_way_to_the_market(self) -> None:
        told: dict[str, Any] = {"top_ups": [paid(1000)], "uses": [use(200, 160, market_fen=170_00)] * 3}
        disputed = reckoned("consumer", **told, list_price_disputed=True)
        proved = reckoned("consumer", **told, list_price_disputed=True, list_price_proved=True)
        assert (disputed.total_fen, proved.total_fen) == (490_00, 400_00)
        assert rules_of(disputed) == ["R1", "R5"]

    def test_r5_a_missing_market_price_is_for_a_person_to_find(self) -> None:
        found = reckoned("consumer", top_ups=[paid(1000)], uses=[use(200)], list_price_disputed=True)
        assert [decision.rule for decision in found.decisions] == ["R5"]

    def test_r6_an_agreement_that_is_worse_for_the_consumer_is_not_followed(self) -> None:
        found = reckoned("operator", top_ups=[paid(1000)], uses=[use(200, 160)] * 3, agreement={"valuation": "list"})
        assert found.total_fen == 520_00

    def test_r6_an_agreed_least_is_paid_and_never_more_than_was_paid(self) -> None:
        told: dict[str, Any] = {"top_ups": [paid(1000)], "uses": [use(800)]}
        assert reckoned("consumer", **told, agreement={"least_fen": 500_00}).total_fen == 500_00
        assert reckoned("consumer", **told, agreement={"least_fen": 5000_00}).total_fen == 1000_00

    def test_r8_a_term_that_is_over_pays_nothing_back(self) -> None:
        term = {"starts_on": date(2025, 6, 3), "ends_on": date(2025, 7, 2)}
        assert reckoned("consumer", top_ups=[paid(300)], unlimited=term).total_fen == 0

    def test_r9_days_not_come_to_are_named_and_not_paid(self) -> None:
        term = {"starts_on": date(2025, 6, 3), "ends_on": date(2026, 6, 2), "absent_days": 20}
        found = reckoned("consumer", top_ups=[paid(3650)], unlimited=term)
        assert found.lines[-1].rule == "R9"
        assert found.lines[-1].amount_fen == 0
        assert found.total_fen == (365 - 91) * 10_00

    def test_r10_does_not_apply_to_what_the_consumer_already_knew(self) -> None:
        found = reckoned(
            "consumer",
            top_ups=[paid(1000)],
            uses=[use(100)],
            withdrawal={"asked_on": PAID_ON + timedelta(days=1), "had_the_same": True},
        )
        assert rules_of(found) == ["R1", "R4"]
        assert [decision.rule for decision in found.decisions] == ["R10"]

    def test_r10_after_some_use_is_reckoned_at_list_price_and_left_to_a_person(self) -> None:
        told: dict[str, Any] = {
            "top_ups": [paid(1000)],
            "uses": [use(200, 160)],
            "withdrawal": {"asked_on": PAID_ON, "had_the_same": False},
        }
        found = reckoned("consumer", **told)
        assert found.total_fen == 800_00
        assert [decision.rule for decision in found.decisions] == ["R10"]
        otherwise = setting("prepaid.refund_withdrawal_counts_uses", 0)
        assert reckoned("consumer", **told, book=otherwise).total_fen == 1000_00

    def test_r10_a_longer_agreed_time_counts_and_a_shorter_one_does_not(self) -> None:
        told: dict[str, Any] = {"top_ups": [paid(1000)]}
        late = {"asked_on": PAID_ON + timedelta(days=20), "had_the_same": False}
        early = {"asked_on": PAID_ON + timedelta(days=7), "had_the_same": False}
        assert "R10" in rules_of(reckoned("consumer", **told, withdrawal=late, agreement={"withdrawal_days": 30}))
        assert "R10" in rules_of(reckoned("consumer", **told, withdrawal=early, agreement={"withdrawal_days": 3}))
        assert "R10" not in rules_of(reckoned("consumer", **told, withdrawal=late))

    @pytest.mark.parametrize(
        ("cause", "paid_on", "interest"),
        [
            ("operator", date(2025, 6, 3), 30_00),  # 3.00 % from 2025-05-20
            ("operator", date(2025, 5, 19), 31_00),  # 3.10 % before
            ("consumer", date(2025, 6, 3), 15_00),
            ("neither", date(2025, 6, 3), 15_00),
        ],
    )
    def test_r12_the_rate_is_that_of_the_day_of_payment_and_of_who_caused_the_end(
        self, cause: str, paid_on: date, interest: int
    ) -> None:
        top_up = {"paid_on": paid_on, "paid_fen": 1000_00}
        found = reckoned(cause, top_ups=[top_up], repaid_on=ENDED_ON + timedelta(days=365))
        assert found.interest_fen == interest
        assert found.lines[-1].rule == "R12"
        assert "prepaid.refund_days_in_year" in {each.setting for each in found.assumptions}

    def test_r12_a_rate_that_is_not_on_file_is_asked_for_and_not_invented(self) -> None:
        top_up = {"paid_on": date(2023, 1, 5), "paid_fen": 1000_00}
        found = reckoned("operator", top_ups=[top_up], repaid_on=ENDED_ON + timedelta(days=30))
        assert found.interest_fen == 0
        assert [decision.rule for decision in found.decisions] == ["R12"]

    def test_r12_neither_side_s_rate_is_a_setting(self) -> None:
        told: dict[str, Any] = {"top_ups": [paid(1000)], "repaid_on": ENDED_ON + timedelta(days=365)}
        found = reckoned("neither", **told, book=setting("prepaid.refund_neither_at_lpr", 1))
        assert found.interest_fen == 30_00

    def test_r11_an_agreed_earlier_start_counts_and_a_later_one_does_not(self) -> None:
        told: dict[str, Any] = {"top_ups": [paid(1000)], "repaid_on": ENDED_ON + timedelta(days=73)}
        early, late = ENDED_ON - timedelta(days=73), ENDED_ON + timedelta(days=70)
        assert reckoned("operator", **told).interest_fen == 6_00
        assert reckoned("operator", **told, agreement={"interest_from": early}).interest_fen == 12_00
        assert reckoned("operator", **told, agreement={"interest_from": late}).interest_fen == 6_00

    def test_r13_the_supervised_part_bears_its_own_rate(self) -> None:
        found = reckoned(
            "operator",
            top_ups=[paid(1000, supervised_fen=400_00, supervised_rate="0.005")],
            repaid_on=ENDED_ON + timedelta(days=365),
        )
        assert [(line.rule, line.amount_fen) for line in found.lines[1:]] == [("R13", 2_00), ("R12", 18_00)]

    def test_r14_reasonable_expenses_count_for_the_side_that_did_not_cause_the_end(self) -> None:
        def total(cause: str, borne_by: str, **more: Any) -> int:
            expense = {"borne_by": borne_by, "what": "制卡", "amount_fen": 20_00, "found_reasonable": True, **more}
            return reckoned(cause, top_ups=[paid(1000)], expenses=[expense]).total_fen

        assert total("consumer", "operator") == 980_00
        assert total("operator", "consumer") == 1020_00
        assert total("neither", "operator") == total("neither", "consumer") == 1000_00
        assert total("consumer", "operator", is_commission=True) == 1000_00
        assert total("consumer", "operator", found_reasonable=False) == 1000_00
        assert total("consumer", "operator", amount_fen=9000_00) == 0

    def test_r15_a_gift_already_taken_is_listed_for_a_person_and_not_taken_off(self) -> None:
        found = reckoned("consumer", top_ups=[paid(1000)], gifts=[{"what": "瑜伽垫", "worth_fen": 300_00}])
        assert found.total_fen == 1000_00
        assert [decision.rule for decision in found.decisions] == ["R15"]

    def test_r16_an_expired_card_keeps_its_value(self) -> None:
        found = reckoned("consumer", top_ups=[paid(1000)], valid_until=date(2025, 8, 1))
        assert found.total_fen == 1000_00
        assert found.lines[-1].rule == "R16"

    def test_r17_withheld_records_are_said_to_favour_the_consumer_s_account(self) -> None:
        found = reckoned("operator", top_ups=[paid(1000)], records_withheld=True, uses_told_by="consumer")
        assert "消费者所述" in found.decisions[0].text.zh

    @pytest.mark.parametrize(
        ("minor", "total", "asked"),
        [
            ({"age": 7}, 840_00, True),
            ({"age": 12, "guardian": "refused", "suits_age": False}, 840_00, True),
            ({"age": 12, "guardian": "consented"}, 800_00, False),
            ({"age": 12}, 800_00, True),
            ({"age": 18}, 800_00, False),
            ({"age": 7, "illegal_online_game": True}, 1000_00, True),
        ],
    )
    def test_a_minor_s_contract_is_void_unless_a_guardian_agrees_or_it_suits_the_age(
        self, minor: dict[str, Any], total: int, asked: bool
    ) -> None:
        found = reckoned("consumer", top_ups=[paid(1000)], uses=[use(200, 160)], minor=minor)
        assert found.total_fen == total
        assert bool(found.decisions) is asked

    def test_several_top_ups_are_used_up_oldest_first_each_with_its_own_share(self) -> None:
        later = {"paid_on": date(2025, 7, 1), "paid_fen": 500_00, "gift_fen": 500_00}
        told: dict[str, Any] = {"top_ups": [later, paid(1000)], "uses": [use(1200)]}
        assert reckoned("operator", **told).total_fen == 400_00
        newest = reckoned("operator", **told, book=setting("prepaid.refund_oldest_first", 0))
        assert newest.total_fen == 800_00
        assert "prepaid.refund_oldest_first" in {each.setting for each in newest.assumptions}

    def test_a_use_beyond_one_top_up_is_never_charged_to_the_next(self) -> None:
        later = {"paid_on": date(2025, 7, 1), "paid_fen": 1000_00}
        uses = [use(250, 200)] * 5
        assert reckoned("consumer", top_ups=[paid(1000), later], uses=uses).total_fen == 1000_00

    def test_a_discount_with_a_gift_follows_the_setting(self) -> None:
        told: dict[str, Any] = {"top_ups": [paid(1000, 1000)], "uses": [use(500, 400)]}
        assert reckoned("operator", **told).total_fen == 800_00
        assert reckoned("operator", **told, book=setting("prepaid.refund_ratio_with_discount", 0)).total_fen == 600_00


class TestBadInput:
    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"top_ups": []}, "top_ups"),
            ({"top_ups": [{"paid_on": PAID_ON, "paid_fen": 10.5}]}, "paid_fen"),
            ({"top_ups": [{"paid_on": PAID_ON, "paid_fen": -1}]}, "paid_fen"),
            ({"top_ups": [{"paid_on": PAID_ON, "paid_fen": 10**15}]}, "paid_fen"),
            ({"top_ups": [{"paid_on": PAID_ON, "paid_fen": True}]}, "paid_fen"),
            ({"top_ups": [paid(100, supervised_fen=1_00, supervised_rate=0.01)]}, "supervised_rate"),
            ({"top_ups": [paid(100, supervised_fen=1_00)]}, "supervised_rate"),
            ({"top_ups": [paid(100)], "uses": [use(10, 20)]}, "price_fen"),
            ({"top_ups": [paid(100)], "uses": [{"what": "剪发"}]}, "list_fen"),
            ({"top_ups": [paid(100)], "repaid_on": date(2025, 8, 1)}, "repaid_on"),
            ({"top_ups": [{"paid_on": date(2026, 1, 1), "paid_fen": 1}]}, "top_ups"),
            ({"top_ups": [paid(100)], "what": 1}, "what"),
        ],
    )
    def test_bad_input_is_refused_by_the_name_of_its_field(self, more: dict[str, Any], field: str) -> None:
        with pytest.raises(ValidationError, match=field):
            reckoned("operator", **more)

    def test_more_uses_than_the_card_held_are_refused(self) -> None:
        with pytest.raises(Overdrawn, match=r"uses\.2\.deducted_fen"):
            reckoned("operator", top_ups=[paid(100)], uses=[use(60), use(60)])

    def test_a_use_draws_on_no_top_up_of_later(self) -> None:
        later = {"paid_on": date(2025, 8, 1), "paid_fen": 100_00}
        with pytest.raises(Overdrawn):
            reckoned("operator", top_ups=[paid(50), later], uses=[use(60, on=date(2025, 7, 1))])

    def test_a_day_before_the_interpretation_is_refused(self) -> None:
        with pytest.raises(NotCovered, match="ended_on"):
            reckoned("operator", ended_on=date(2025, 4, 30), top_ups=[{"paid_on": date(2024, 12, 1), "paid_fen": 1}])


@st.composite
def claims(draw: st.DrawFn) -> dict[str, Any]:
    """Cards with up to three top-ups and uses that they hold; uses can be halved without a remainder."""
    top_ups = draw(
        st.lists(
            st.builds(
                lambda day, fen, gift: {"paid_on": PAID_ON + timedelta(days=day), "paid_fen": fen, "gift_fen": gift},
                st.integers(0, 60),
                st.integers(1, 500_000),
                st.just(0) | st.integers(0, 300_000),
            ),
            min_size=1,
            max_size=3,
        )
    )
    left = sum(top_up["paid_fen"] + top_up["gift_fen"] for top_up in top_ups)
    uses = []
    for _ in range(draw(st.integers(0, 5))):
        price = 2 * draw(st.integers(1, 60_000))
        if price > left:
            break
        left -= price
        uses.append({"list_fen": price + 2 * draw(st.integers(0, 60_000)), "price_fen": price})
    return {
        "cause": draw(st.sampled_from(["operator", "consumer", "neither"])),
        "ended_on": ENDED_ON,
        "repaid_on": ENDED_ON + timedelta(days=draw(st.integers(0, 900))),
        "top_ups": top_ups,
        "uses": uses,
    }


def of(told: dict[str, Any], **more: Any) -> Refund:
    return refund(Claim.model_validate({**told, **more}), book=declared())


class TestProperties:
    @given(claims())
    def test_a_refund_is_never_negative_nor_more_than_paid_plus_interest(self, told: dict[str, Any]) -> None:
        found = of(told)
        paid_fen = sum(top_up["paid_fen"] for top_up in told["top_ups"])
        assert 0 <= found.principal_fen <= paid_fen
        assert 0 <= found.total_fen <= paid_fen + found.interest_fen

    @given(claims())
    def test_the_lines_add_up_to_the_total(self, told: dict[str, Any]) -> None:
        found = of(told)
        assert sum(line.amount_fen for line in found.lines) == found.total_fen
        assert found.principal_fen + found.interest_fen + found.expenses_fen == found.total_fen

    @given(claims(), st.sampled_from(Valuation), st.integers(0, 1_000_000))
    def test_an_agreement_never_lowers_a_refund_and_its_least_is_kept(
        self, told: dict[str, Any], valuation: Valuation, least: int
    ) -> None:
        plain, agreed = of(told), of(told, agreement={"valuation": valuation, "least_fen": least})
        paid_fen = sum(top_up["paid_fen"] for top_up in told["top_ups"])
        assert agreed.principal_fen >= max(plain.principal_fen, min(least, paid_fen))
        assert agreed.total_fen >= plain.total_fen

    @given(claims(), st.data())
    def test_splitting_a_use_never_changes_the_refund(self, told: dict[str, Any], data: st.DataObject) -> None:
        assume(told["uses"])
        place = data.draw(st.integers(0, len(told["uses"]) - 1))
        half = {name: fen // 2 for name, fen in told["uses"][place].items()}
        split = [*told["uses"][:place], half, half, *told["uses"][place + 1 :]]
        whole, halved = of(told), of(told, uses=split)
        assert halved.total_fen == whole.total_fen
        assert [line.amount_fen for line in halved.lines] == [line.amount_fen for line in whole.lines]

    @given(claims())
    def test_an_operator_who_causes_the_end_never_pays_less_than_a_consumer_s_own_wish(
        self, told: dict[str, Any]
    ) -> None:
        assert of(told, cause="operator").principal_fen >= of(told, cause="consumer").principal_fen

    @given(claims(), st.sampled_from(["0.01", "0.0333"]))
    def test_a_later_repayment_never_bears_less_interest(self, told: dict[str, Any], rate: str) -> None:
        agreement = {"yearly_rate": Decimal(rate)}
        later = told["repaid_on"] + timedelta(days=30)
        assert of(told, repaid_on=later, agreement=agreement).interest_fen >= of(told, agreement=agreement).interest_fen
