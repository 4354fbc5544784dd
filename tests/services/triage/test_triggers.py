"""Safety triggers: each fires on what it is for, and keeps silent on what merely looks like it."""

import pytest

from anlan.loop.suggestions import Klass, Report, Severity
from anlan.services.triage.catalogue import catalogue
from anlan.services.triage.places import Places
from anlan.services.triage.rules import triage

NOWHERE = Places(())
LETTER = "我是本小区的老业主，在这里住了很多年，一直关心小区的公共事务，也多次参加业主大会，提出过不少意见。" * 3

FIRES = [
    ("fire", "三楼着火了"),
    ("fire", "樓上失火，快來"),
    ("fire", "The kitchen is on fire"),
    ("explosion", "化工店刚刚爆炸"),
    ("gas_leak", "厨房燃气泄漏"),
    ("gas_leak", "I smell gas in the stairwell"),
    ("hazardous_release", "仓库氨气泄漏，很呛"),
    ("injury", "老人摔倒昏迷不醒"),
    ("injury", "有人受伤"),
    ("injury", "A man is unconscious on the pavement"),
    ("weapon", "有人持刀在超市门口"),
    ("weapon", "He has a knife"),
    ("violence", "烧烤摊有人打架"),
    ("violence", "他说要杀了你全家，还扬言要杀人"),
    ("violence", "My neighbour threatened to kill me"),
    ("domestic_violence", "隔壁家暴，女的一直在哭"),
    ("domestic_violence", "Her husband is beating her"),
    ("minor_in_danger", "孩子走失半小时了"),
    ("minor_in_danger", "A missing child at the market gate"),
    ("crowd", "工厂门口几百人聚集，正在聚集堵门"),
    ("crowd", "A stampede at the stage"),
    ("suicide", "有人要跳楼"),
    ("suicide", "如果没人管我就自杀"),
    ("suicide", "I want to die"),
    ("drunk_violence", "楼下有人喝醉打人"),
    ("drunk_violence", "A drunk man is hitting people"),
    ("crime", "有小偷在撬门"),
    ("crime", "The shop is being robbed"),
    ("trapped", "老人被困在电梯里"),
    ("trapped", "We are stuck in the lift"),
    ("drowning", "有人掉进河里了"),
    ("drowning", "A boy is drowning"),
    ("collapse", "老房子塌了"),
    ("collapse", "The wall collapsed on the road"),
    ("live_wire", "电线掉落在路上"),
    ("live_wire", "A power line is down on the street"),
    ("cry_for_help", "听到有人喊救命"),
    ("cry_for_help", "Please call an ambulance"),
]

SILENT = [
    ("fire", "消防通道被占，防火门坏了"),
    ("fire", "火车站门口没有路灯"),
    ("fire", "The fire exit is blocked and the fire door is broken"),
    ("fire", "He was fired last week"),
    ("fire", "一旦着火，后果不堪设想"),
    ("fire", "楼道堆杂物有火灾隐患"),
    ("fire", "去年这里起火过"),
    ("fire", "社区组织火灾逃生演练"),
    ("fire", "There is no fire, only steam"),
    ("explosion", "加油站像一颗定时炸弹"),
    ("explosion", "信息爆炸的时代"),
    ("gas_leak", "不是燃气泄漏，是下水道的气味"),
    ("gas_leak", "建议安装燃气泄漏报警器"),
    ("gas_leak", "轮胎漏气了"),
    ("hazardous_release", "预防食物中毒的宣传"),
    ("injury", "两车碰擦，没有人受伤"),
    ("injury", "无人受伤"),
    ("injury", "Nobody was injured"),
    ("weapon", "没有持刀，只是争吵"),
    ("weapon", "my glue gun is defective"),
    ("violence", "气死了，真要命，商家不肯杀价"),
    ("violence", "被打扫干净的路又脏了"),
    ("violence", "这一规定扼杀了我们的需求"),
    ("domestic_violence", "社区反家暴讲座几点开始"),
    ("domestic_violence", "野蛮施工让大家暴露在危险中"),
    ("minor_in_danger", "商家坑蒙拐骗"),
    ("minor_in_danger", "实质性侵占小区用地"),
    ("crowd", "举报有人聚众赌博"),
    ("crowd", "春游行程取消后不退款"),
    ("suicide", "清仓跳楼价，噪音太大"),
    ("drunk_violence", "醉汉雕像很难看" * 20),
    ("crime", "感觉被绑架消费" * 20),
    ("trapped", "一直被噪音困扰，被困扰很久"),
    ("trapped", "I was stuck in traffic"),
    ("drowning", "落水管坏了"),
    ("drowning", "学校开展防溺水教育"),
    ("collapse", "明星人设塌了"),
    ("live_wire", "漏电保护开关跳闸"),
    ("live_wire", "没有触电危险"),
    ("cry_for_help", "老人的救命钱被骗"),
    ("cry_for_help", "Please help me with my pension"),
]


@pytest.mark.parametrize(("slug", "text"), FIRES)
def test_a_trigger_fires_and_holds_class_and_severity_up(slug: str, text: str) -> None:
    found = triage(Report(text), NOWHERE)
    trigger = catalogue().triggers.trigger[slug]
    assert slug in found.triggers
    assert found.severity >= trigger.severity
    assert found.klass in {trigger.klass, Klass.POLICE}


@pytest.mark.parametrize(("slug", "text"), SILENT)
def test_a_trigger_keeps_silent_on_what_only_looks_like_it(slug: str, text: str) -> None:
    assert slug not in triage(Report(text), NOWHERE).triggers


def test_every_trigger_has_an_example_of_both_kinds() -> None:
    declared = set(catalogue().triggers.trigger)
    assert {slug for slug, _ in FIRES} == declared
    assert {slug for slug, _ in SILENT} == declared


def test_a_weak_sign_counts_in_a_call_but_not_in_a_long_letter() -> None:
    assert "injury" in triage(Report("路口有人骨折"), NOWHERE).triggers
    assert triage(Report(LETTER + "父亲骨折后工地不肯赔钱。"), NOWHERE).triggers == ()


def test_a_weak_sign_counts_in_a_letter_when_it_is_happening_now() -> None:
    assert "injury" in triage(Report(LETTER + "刚刚楼下有人骨折，快来。"), NOWHERE).triggers


def test_a_strong_sign_counts_in_a_long_letter() -> None:
    assert "weapon" in triage(Report(LETTER + "他现在持刀站在门口。"), NOWHERE).triggers


def test_what_is_happening_now_is_not_excused_by_a_supposition() -> None:
    assert "fire" in triage(Report("如果再不来人就完了，正在着火"), NOWHERE).triggers


def test_a_threat_of_suicide_is_not_excused_by_a_condition() -> None:
    found = triage(Report("一旦强拆我就跳楼"), NOWHERE)
    assert found.triggers == ("suicide",)
    assert found.severity is Severity.RED


def test_a_question_does_not_lower_a_trigger() -> None:
    found = triage(Report("请问有人持刀怎么处理，请问该打哪个电话，请问"), NOWHERE)
    assert (found.klass, found.severity) == (Klass.POLICE, Severity.RED)


def test_the_gravest_of_several_triggers_sets_class_and_severity() -> None:
    found = triage(Report("电线掉落，三楼着火了，两帮人正在打架"), NOWHERE)
    assert set(found.triggers) == {"fire", "live_wire", "violence"}
    assert found.triggers[0] == "fire"
    assert (found.klass, found.severity) == (Klass.POLICE, Severity.RED)


def test_width_case_and_invisible_characters_do_not_hide_a_sign() -> None:
    assert "fire" in triage(Report("着\u200b火了"), NOWHERE).triggers
    assert "fire" in triage(Report("ＯＮ ＦＩＲＥ"), NOWHERE).triggers


def test_a_trigger_says_which_words_set_it_off_in_both_languages() -> None:
    (reason,) = (one for one in triage(Report("三楼着火了"), NOWHERE).reasons if one.kind == "trigger")
    assert reason.words == ("着火了", "着火")
    assert "着火了" in reason.text
    assert reason.text_en.startswith("There may be a fire")
