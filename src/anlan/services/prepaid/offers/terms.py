"""Terms of a contract that have no effect (法释〔2025〕4号 9), found by their wording before anybody signs them.

Pure. Only plain wordings are found: a text without a finding may still hold a void term, which a person judges.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class VoidTerm:
    """A wording that has no effect: where it stands, what it says, the article's item, and why in both languages."""

    field: str
    wording: str
    item: str
    why: str
    why_en: str


_NOT = r"(?:概不|一律不|一概不|不予|不可以?|不能|不得|恕不|拒绝|禁止|谢绝|不)"
_RULES: Final = (
    (
        "一",
        "排除消费者依法解除合同或者请求退款的权利",
        "takes away the right to end the contract or to a refund",
        rf"{_NOT}(?:再|接受|支持|办理)?(?:退款|退费|退卡|退钱|退还|退换|解除)"
        r"|non-?refundable|\bno refunds?\b|not? (?:be )?refunded",
    ),
    (
        "二",
        "不合理限制转让",
        "forbids to transfer the card without a good reason",
        rf"{_NOT}(?:私自|擅自)?(?:转让|转卡|转赠|过户)|non-?transferable|not (?:be )?transfer(?:able|red)",
    ),
    (
        "三",
        "遗失记名卡不予补办",
        "refuses to replace a lost named card",
        rf"(?:遗失|丢失|挂失).{{0,8}}(?:不补|{_NOT}补|概不负责|作废)|{_NOT}(?:挂失|补办|补卡)"
        r"|lost cards? .{0,20}not .{0,10}replaced",
    ),
    (
        "四",
        "单方变更价格、种类、质量、数量",
        "lets one side change price, kind, quality or quantity",
        r"(?:有权|保留|可以?).{0,6}(?:单方|单方面|随时|自行|任意).{0,10}(?:调整|变更|修改|改变|更改|涨价|调价)"
        r"|(?:价格|服务|项目).{0,6}(?:随时|自行).{0,4}(?:调整|变更)|change .{0,20}at (?:its|our) (?:sole )?discretion",
    ),
    (
        "五",
        "免除经营者对瑕疵、损害的责任",
        "frees the merchant from liability for defects or harm",
        r"(?:概不|不)(?:承担|负)(?:任何|一切|全部)?.{0,6}责任|(?:no|not) liab(?:le|ility)",
    ),
    (
        "六",
        "约定不合理增加消费者维权成本的争议解决方式",
        "settles disputes in a way that is needlessly costly for the consumer",
        r"(?:只能|必须|一律).{0,14}(?:仲裁|诉讼|起诉)",
    ),
    (
        "七",
        "其他不公平的约定",
        "is otherwise unfair",
        r"最终解释权|(?:逾期|过期|到期).{0,6}(?:作废|清零|失效|归商家)|余额.{0,4}(?:清零|作废)"
        r"|final (?:right of )?interpretation|balance .{0,12}forfeit",
    ),
)
_FOUND: Final = tuple((item, why, why_en, re.compile(pattern, re.IGNORECASE)) for item, why, why_en, pattern in _RULES)


def void_terms(texts: Mapping[str, Iterable[str]]) -> list[VoidTerm]:
    """Every void wording in the texts of a contract, by field, in the order of the article."""
    return [
        VoidTerm(field, found[0], item, why, why_en)
        for item, why, why_en, pattern in _FOUND
        for field, said in texts.items()
        for text in said
        for found in pattern.finditer(text)
    ]
