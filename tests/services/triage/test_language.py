"""Help with words in the house: the gist of a long message, the questions it leaves open, and what may leave."""

import pytest

from anlan.loop.language_help import Known
from anlan.loop.suggestions import Klass
from anlan.services.triage.language.missing import missing
from anlan.services.triage.language.summary import LONG, gist, sentences
from anlan.services.triage.language.withholding import NAME, PLATE, ROOM, withheld

LONG_MESSAGE = (
    "尊敬的领导您好！我是翠苑一区的居民。小区南门外的工地从三月开始每天夜里十一点以后还在施工。"
    "打桩的噪音很大，整栋楼都在震动，家里老人和孩子睡不着觉。我们多次打电话给物业，物业说管不了。"
    "也找过施工单位，他们说有夜间施工许可，但是一直没有拿出来给大家看。前几天还有人把路挖开了没有围挡。"
    "大家的情绪都很激动，已经影响到正常的生活和学习，孩子马上就要中考了，实在没有办法才写信。"
    "希望有关部门尽快到现场查处工地夜间施工的噪音问题，并公布是否有许可。谢谢领导！"
)
ENGLISH = (
    "Hello. The street lamps along Wener Road near the primary school have been dark since last Monday. "
    "Children walk home there in the evening and two of them fell yesterday because nobody can see the broken kerb. "
    "We called the property office several times. They said that it is not theirs to repair. "
    "The road is also used by many lorries at night. Please send somebody to repair the street lamps along Wener Road."
)


@pytest.mark.parametrize("text", [LONG_MESSAGE, ENGLISH])
def test_a_long_message_is_summed_up_in_two_of_its_own_sentences(text: str) -> None:
    found = gist(text)
    assert len(found) == 2
    assert all(sentence in text for sentence in found)
    assert text.index(found[0]) < text.index(found[1])


def test_the_gist_says_what_it_is_about_and_no_courtesies() -> None:
    said = "".join(gist(LONG_MESSAGE))
    assert "施工" in said
    assert "噪音" in said
    assert "尊敬" not in said
    assert "谢谢" not in said


def test_a_short_message_is_not_summed_up() -> None:
    assert gist("路灯不亮，请来修。") == ()
    assert gist("好" * LONG) == ()


def test_a_message_without_full_stops_is_cut_at_its_commas() -> None:
    found = gist("，".join(f"第{n}栋楼下的垃圾已经堆了很多天没有人来清运" for n in range(30)))
    assert len(found) == 2
    assert max(map(len, found)) < 120


@pytest.mark.parametrize(
    "text", ["", "。" * 5_000, "\ud800" * 500, "a" * 30_000, "，" * 9_000, "\n" * 300, "！？" * 400]
)
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    assert len(gist(text)) <= 2
    sentences(text)
    withheld(text, [text])
    missing(Known(text, Klass.ORDINARY))


def asked(text: str, klass: Klass = Klass.ORDINARY, **known: bool) -> set[str]:
    return {each.fact for each in missing(Known(text, klass, **known))}  # type: ignore[arg-type]


def test_what_a_report_tells_is_not_asked_again() -> None:
    assert asked("文一路口的路灯从上周开始不亮，我的电话13800000000") == set()
    assert asked("The lamp at the corner of Wener Road has been dark for 3 weeks", reachable=True) == set()


def test_a_lasting_nuisance_is_asked_how_long_and_an_event_when() -> None:
    assert asked("有噪音", placed=True, reachable=True) == {"since"}
    assert asked("有东西掉下来", placed=True, reachable=True) == {"when"}


def test_where_there_may_be_danger_who_is_hurt_is_asked_first() -> None:
    (first, *_) = missing(Known("有两辆车相撞", Klass.URGENT, ("crash",)))
    assert first.fact == "hurt"
    assert first.why
    assert "hurt" not in asked("文一路刚才两车相撞，没有人受伤", Klass.URGENT)


def test_a_place_told_beside_the_words_counts() -> None:
    assert "where" in asked("垃圾很久没有清运")
    assert "where" not in asked("垃圾很久没有清运", placed=True)


def test_who_only_asks_is_asked_nothing() -> None:
    assert asked("怎么办居住证", Klass.INQUIRY) == set()


PHONES = [
    *("13812345678", "138 1234 5678", "138-1234-5678", "１３８１２３４５６７８", "+86 138.1234.5678", "138/1234/5678"),
    *(
        "1 3 8 1 2 3 4 5 6 7 8",
        "138,1234,5678",
        "一三八一二三四五六七八",
        "0571-87654321",
        "(0571) 8765 4321",
        "①③⑧①②③④⑤⑥⑦⑧",
    ),
    *("138\u200b1234\u200b5678", "13812345678元", "8765432", "微信13812345678转李"),
]


@pytest.mark.parametrize("phone", PHONES)
def test_no_digit_of_a_telephone_number_leaves(phone: str) -> None:
    left = withheld(f"路灯坏了，请打{phone}找我")
    assert not [mark for mark in left if mark.isdigit() or mark in "〇一三八二四五六七"]
    assert "路灯坏了" in left


@pytest.mark.parametrize(
    "secret",
    [
        *("330106199001011234", "33010619900101123X", "6222 0212 3456 7890 123", "浙A·12345", "浙AD12345"),
        *("wang@example.com", "12号楼3单元501室", "三幢二单元", "12-3-501", "G12345678"),
    ],
)
def test_papers_plates_mail_and_rooms_do_not_leave(secret: str) -> None:
    left = withheld(f"住在翠苑一区，{secret}，楼上漏水")
    assert secret not in left
    assert not [mark for mark in left if mark.isascii() and mark.isdigit()]
    assert "楼上漏水" in left
    assert "翠苑一区" in left


def test_names_do_not_leave_where_they_are_known_or_told_as_names() -> None:
    left = withheld("我叫王建国，邻居欧阳修文和张阿姨都说，找李经理没有用。钱秀珍也去过。", ["钱秀珍"])
    assert not [name for name in ("王建国", "张阿姨", "李经理", "钱秀珍") if name in left]
    assert left.count(NAME) >= 4
    assert "Smith" not in withheld("My name is John Smith and the lamp is broken.")


def test_dates_times_and_sums_stay() -> None:
    said = "2026年3月5日 21:30 起停水，退款12000元"
    assert withheld(said) == said


def test_what_was_put_aside_cannot_be_forged() -> None:
    assert withheld("\ue0000\ue001 浙A12345 于 2026-03-05") == f"0 {PLATE} 于 2026-03-05"
    assert ROOM in withheld("3单元")
