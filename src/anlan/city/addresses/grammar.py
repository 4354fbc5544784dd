"""What the words of an address look like: regular expressions, read from the left, every repeat bounded.

Bounded repeats keep reading linear in the length of the text: no word looks further than 18 characters ahead.
"""

import re
from typing import Final

SEPARATORS: Final = frozenset("-_ \t\n\r\x0b\x0c,，.。、;；:：/|()（）")

_MARKS: Final = r"\-_\s,，.。;；:：/\\|~+*#?？!！…()（）\[\]【】<>《》'\"“”‘’、·&=@^$%{}`—"
_NUMERAL: Final = "[一二三四五六七八九十百]"
_NUMBER: Final = (
    rf"(?:[A-Za-z]{{0,3}}[0-9]{{1,12}}[A-Za-z]?[0-9]{{0,6}}|{_NUMERAL}{{1,5}}|[A-Za-z](?![A-Za-z])|[甲乙丙丁])"
)

_UNITS: Final = (
    ("house", r"号楼|幢楼?|栋楼?|座(?!位)|橦|憧|撞|号幢|号栋|\#楼?|号厂房|号仓库|号馆|排"),
    ("cell", r"号?单元|号门洞|梯(?!队)"),
    ("floor", r"楼(?![上下梯宇盘道])|层|F(?![A-Za-z])"),
    ("room", r"号?室|房(?!产|间|管)|号?铺|号房|号商铺|号店面|户"),
    ("lane", r"号?弄"),
    ("group", r"组(?!团)|队|社(?!区)|村民小组"),
    ("door", r"号[大小]?门|号院|号岗|号地块|号[东南西北]门"),
    ("zone", r"区|期(?!货)|号区|组团"),
    ("no", r"号(?![线码桥])"),
)
_UNIT: Final = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _UNITS)
_ANY_UNIT: Final = "|".join(pattern for _, pattern in _UNITS)

_ASSIST: Final = (
    r"(?:正|斜)?对面|对过|旁边?|边上|侧边|附近|隔壁|门口|[前后里外左右]面|[左右]边|[东南西北]头|以[东南西北]|楼下|楼上|路口|村口|院内|校内|"
    r"交[叉汇界错岔]{0,2}[口处]|交[叉汇界](?![东南西北])|[东南西北]{1,2}[侧面角边首端]|往[东南西北]|向[东南西北]"
)
_REDUNDANT: Final = r"电联|市辖区|null|丰巢|商铺|店面|其[它他]区|电话联系|送货上门|收(?=$|[\-_\s,，])"
_ZONE: Final = rf"第?[东南西北中]?{_NUMERAL}[区期]|[东南西北中]区"

_ROAD: Final = (
    r"大道(?!\w?[店院])|大街|公路|马路|高速|路(?![边桥灯政段])|街(?!道|坊|区|口|边|镇)|巷(?!口|街道)|"
    r"[东西南北中环]线|[0-9][国省县]道|弄堂|胡同|[一二三四五内外]环(?![东南西北一二三四五]?[路线])|[道堤弄](?=[0-9])|线(?=$|[0-9])|组(?![团织合])"
)
_TOWN: Final = r"镇?街道(?:办事处)?|镇(?!政府|街道|[东南西北中]?[路街])|乡(?!政府|村|[东南西北中]?[路街])|苏木"
_COMMUNITY: Final = (
    r"社区(?:居委会)?|村(?!口|镇|村(?!委)|民[组小]|[东南西北中]?[路街])(?:村?委会|民委员会|委)?|居委会|行政村"
)
_DEVZONE: Final = (
    r"(?:经济)?(?:技术)?(?:产业)?开发区|(?:高新|保税|经济|集聚|出口加工)(?:技术)?(?:产业)?(?:园区|新区|区)|旅游度假区"
)
_PLACE: Final = (
    r"工业园区?|工业区|工业城|科技园区?|创业园区?|产业园区?|创意园区?|软件园|物流园区?|园区|校区|小区|新村|"
    r"大厦|大楼|写字楼|办公楼|综合楼|教学楼|宿舍楼|商务楼|广场|花园|公寓|市场|中心|酒店|宾馆|饭店|医院|学院|大学|中学|小学|学校|"
    r"幼儿园|商厦|商城|商场|超市|家园|[花家佳嘉锦景名雅兰翠东南西北新和]?苑|嘉园|景园|锦园|公馆|华庭|华府|山庄|庭院|学府|别墅区?|豪庭|"
    r"名都|名城|新城(?!路|大道)|银行|支行|分局|法院|政府|委员会|村委会|办事处|派出所|车站|[东南西北]站|机场|宿舍|仓库|公司|集团|"
    r"厂房|厂|银泰|[贸商纺配具鞋电车服皮花金天宝]城|大桥|公园|人家|时代|天地|银座|天下|店|局|所|站|馆|院区?|公社|信用社|办公室"
)
_POI: Final = rf"(?:{_PLACE})(?:[^{_MARKS}0-9]{{0,1}}?(?:{_PLACE})){{0,2}}(?![东南西北中前后]?[路街巷]|大道)"
_ASIDE: Final = rf"[东南西北内旁](?=$|[{_MARKS}0-9])"
_STOP: Final = (
    rf"$|[{_MARKS}0-9]|{_ZONE}|[A-Za-z]{{1,3}}[0-9]|{_NUMERAL}{{1,4}}(?:{_ANY_UNIT})|[A-Za-z](?:{_ANY_UNIT})"
    rf"|{_ASSIST}|{_REDUNDANT}|{_ASIDE}"
)

TOKEN: Final = re.compile(
    rf"(?P<separator>-+|_+|\s+|[{_MARKS}])"
    rf"|(?P<roadwithnumber>(?:[0-9]{{1,4}}|{_NUMERAL}{{1,3}})号?(?:大街|大道|[国省县]道|支?路(?!口)|街))"
    r"|(?P<underground>(?:负|地下)[0-9一二三四五][层楼]|架空层|底层|顶[层楼])"
    r"|(?P<range>(?P<first>[0-9]{1,8})[-、~][0-9]{1,8}号?(?![0-9\-弄楼幢栋]))"
    rf"|{_NUMBER}(?:{_UNIT})"
    r"|(?P<section>[东南西北中]段)"
    rf"|(?P<zone_named>{_ZONE})"
    rf"|(?P<number>[A-Za-z]{{0,3}}[0-9]{{1,12}}[A-Za-z]?[0-9]{{0,6}}|{_NUMERAL}{{1,5}}(?=-)|[A-Za-z](?=-))"
    r"|(?P<dash>一(?=[0-9]))"
    rf"|(?P<redundant>{_REDUNDANT})"
    rf"|(?P<assist>(?:{_ASSIST})(?:[0-9]{{1,4}}米)?|{_ASIDE}|[东南西北]?[0-9]{{2,4}}米|口|(?<=[路街道巷线号元幢])[与和跟](?=\w))"
    rf"|[^{_MARKS}0-9]{{1,18}}?(?:(?P<road>{_ROAD})|(?P<town>{_TOWN})|(?P<devzone>{_DEVZONE})|(?P<poi>{_POI})"
    rf"|(?P<community>{_COMMUNITY})|(?P<plain>(?={_STOP})))"
    rf"|(?P<rest>[^{_MARKS}0-9]{{1,18}})"
    r"|(?P<other>.)",
    re.DOTALL,
)
"""One part of an address behind its areas; the name of the group that ends it says what it is."""

AREA: Final = re.compile(
    r"(?:市辖区|其[它他]区|城区|null|电联)(?P<redundant>)"
    r"|[^\W\d_A-Za-z]{1,8}?(?:(?P<prov>省(?!道|级|立))|(?P<city>地区|自治州)"
    r"|(?P<district>自治县|(?<![城都超夜])市(?!场|政|镇|街|乡|村|小|[东南西北中心路桥])|县(?!政|前|道|城[关中])"
    r"|(?<![小园社校业发一二三四五六七八九十东南西北新院厂活货务])区|旗(?![山舰下杆]))"
    r"|(?P<town>镇?街道(?:办事处)?|镇(?!政府|街道|[东南西北中]?路)|乡(?!政府|村|[东南西北中]?路))"
    r"|(?P<stop>(?:[东南西北中]?(?:路(?!街道|镇|桥)|街(?!街?道|镇)|巷(?!街道)|大道|公路))|小区|公司|园|村|[对旁]面|大厦|广场|[0-9A-Za-z])"
    r"|(?=[\W\d_]|$))"
)
"""The next area by its kind (省, 区, 街道 …) where the gazetteer has no name; `stop` where a road or a building comes
first."""

SPOILER: Final = re.compile(
    r".?[东南西北中]?(?:路(?!桥|镇)|大道|街|巷|公路|镇|乡(?!镇)|村)|.{0,6}?(?:大学|学院|公司|银行|会展|车站|机场|医院)(?![东南西北中]?路)"
    r"|[东南西北]站|大厦|国际|商|大酒店|宾馆|城|科技|工业|产业|开发|经济|新区|[县区市旗](?!区)"
)
"""What follows a short name when it is part of another name: 杭州 in 杭州路, 余杭 in 余杭镇."""

TOWN_SPOILER: Final = re.compile(rf".?(?:{_PLACE}|{_ZONE}|[0-9]区)")
"""The same for a short name of a town: 望江 in 望江家园."""

ROAD_FOLLOWS: Final = re.compile(r"[0-9]{1,3}号?大街|[^\W0-9]{2,5}?(?:路|大道|街(?!道)|村|社区|工业)")
"""What makes a bare name that begins an address a town: 下沙 in 下沙文泽路."""

ROAD_NAME: Final = re.compile(r"[^\W0-9]{2}(?:[东南西北中]|[一二三四五六七八九十]{1,2})?(?:大道|大街|路|街|巷)$")
"""The usual length of a road's name; what stands before it is another place: 直江北路 in 周家段直江北路."""
