"""Danger that is said outright -> whom to call, by rule.

Each rule needs a sign of the danger itself, and is called off by words that place it in the past,
in the future, or in a rule, a campaign or a complaint. Rules are read clause by clause, so that a
word far away can't call off a cry for help. What must be read between the lines is learned
(`danger_model`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.tokens import normalise

_CLAUSE = re.compile(r"[^。！？!?；;，,\n]+")

# Words that make a sentence speak of something other than what is happening right now.
_NOT_NOW = re.compile(
    r"隐患|防范|预防|宣传|演练|培训|检查|整治|排查|应急预案|怎么办理|补助|赔偿|补偿|去年|前年|上个月|上周|上次|"
    r"前几天|前些天|年前|月前|之前|以前|曾经|曾|已经处理|事后|容易|可能|怕|担心|万一|如果|要是|一旦|导致|引发|"
    r"造成过|危险性|严禁|禁止|不准|能不能|可不可以|允许|经常|长期|每次|每天|天天|多次|往年|历史|后来|听说|据说|"
    r"差点|险些|报销|申请|残疾证|低保|瘫痪|住院|没有发生|安全知识|规定|管理办法|标准|验收|栏杆|警示牌|保险|认定|鉴定|案|判|起诉|举报人"
)
_NOW = re.compile(
    r"现在|正在|正|有人|快|突然|闻到|起不来|刚刚|刚才|刚|马上|快来|赶快|赶紧|救命|来人|救人|着火了|起火了|烧起来|漏气了|泄漏了|泄露了|"
    r"昏迷|不醒|没呼吸|流血|出血|晕倒|倒在|躺在地|掉进|掉到|掉下|落水|溺水了|淹了|喝了|吞了|要跳|跳楼|跳河|"
    r"想死|不想活|活不下去|自杀|轻生|割腕|砍人|捅|持刀|拿刀|打死|打人|被打|绑架|抢劫|撞了|撞伤|撞到|被撞|翻车|被困|困在|埋"
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """`danger` must match in one clause; `present` says whether it must also sound like now."""

    danger: re.Pattern[str]
    call: str
    present: bool = True


_FIRE, _WATER, _POLICE, _AMBULANCE, _TRAFFIC = "119", "water", "110", "120", "122"

_RULES = (
    _Rule(
        re.compile(
            r"(想|要|准备|正|打算).{0,4}(自杀|轻生|跳楼|跳河|跳江|喝农药|上吊|割腕)|不想活了|活不下去了?.{0,6}(死|别|跳)|"
            r"(喝|吞)了?.{0,4}(农药|百草枯|敌敌畏|安眠药)|有人.{0,4}跳(河|楼|江|桥)|^.{0,4}我(想|要)死|"
            r"(站|坐)在.{0,8}(楼顶|桥上|桥栏|天台).{0,6}(跳|下来)|要跳(楼|河|江|桥|下)"
        ),
        _POLICE,
        present=False,
    ),
    _Rule(
        re.compile(
            r"(家|房|屋|楼|车|厂|店|仓库|山|山上|林|厨房|灶屋|电动车|柴|稻草|草堆|里)[^，。]{0,6}(着火|起火|失火|烧起来|烧着了|冒火)(了|啦)?|"
            r"(发生|发)火灾了|火灾正|大火.{0,6}(烧|蔓延)|(着火|起火|失火)(了|啦|哒|咯)"
        ),
        _FIRE,
    ),
    _Rule(
        re.compile(
            r"(煤气|天然气|燃气|液化气|瓦斯)[^，。]{0,8}(漏|泄)|(漏|泄)[^，。]{0,3}(煤气|天然气|燃气|液化气)|一股.{0,4}(煤气|燃气)味|(煤气|燃气|天然气|液化气)味.{0,3}(大|重|浓)|闻到.{0,6}(煤气|燃气|天然气)"
        ),
        _FIRE,
    ),
    _Rule(
        re.compile(
            r"(掉|落|滑|跌|摔|沉)(进|到|入|下|在)?.{0,5}(水里|水中|河里|塘里|池塘|水库|江里|渠里|井里|河中|湖里)|落水|溺水|淹.{0,3}(人|孩|了)"
        ),
        _WATER,
    ),
    _Rule(
        re.compile(
            r"(拿|持|提|举)(着)?(菜|砍|柴|杀猪)?刀.{0,8}(砍|捅|杀|追|威胁|要)|砍人|捅人|杀人|要杀我|持刀|(正|在|又|往死里)[^，。]{0,3}(打|揍|掐)[^，。]{0,4}(人|我|她|他|孩|老婆|老人)|家暴|绑架|抢劫|救命.{0,6}(打|砍|杀)"
        ),
        _POLICE,
    ),
    _Rule(
        re.compile(
            r"(吃|喝|误食|误服|闻).{0,12}(中毒|口吐白沫|上吐下泻|昏迷|抽搐)|(煤气|一氧化碳|食物|农药)中毒|毒蛇咬|蛇咬|(喝|吞|吃)了.{0,3}(洁厕灵|消毒液|洗衣液|电池|老鼠药|汽油)"
        ),
        _AMBULANCE,
    ),
    _Rule(
        re.compile(
            r"没(有)?呼吸|没(有)?心跳|昏迷不醒|不省人事|晕倒|昏倒|大出血|心脏病发|中风了|倒地不起|摔.{0,6}(动不了|不动了|起不来)|触电"
        ),
        _AMBULANCE,
    ),
    _Rule(
        re.compile(
            r"(撞|翻)(了|伤|到|倒|飞|死).{0,6}(人|车|我|孩|老|行人)?|被.{0,6}撞(了|伤|倒|飞)|车祸|翻车|交通事故"
        ),
        _TRAFFIC,
    ),
    _Rule(
        re.compile(
            r"(被|人)[^，。]{0,4}困住|(被|人)[^，。]{0,4}(困在|埋在|压在).{0,10}(电梯|楼|屋|废墟|土|里|下|水)|(塌方|滑坡|倒塌).{0,6}(埋|压|困)"
        ),
        _FIRE,
    ),
)


def said_outright(text: str) -> str | None:
    """Whom to call if the text says that there is danger now, else None."""
    folded = normalise(text).replace("著", "着")  # OpenCC keeps 著, as in 著名
    clauses = _CLAUSE.findall(folded)
    for rule in _RULES:
        for position, clause in enumerate(clauses):
            if not rule.danger.search(clause) or _NOT_NOW.search(clause):
                continue
            around = "，".join(clauses[max(0, position - 1) : position + 2])
            # A long letter tells a story; a cry for help is short.
            urgent = len(folded) <= 120 and bool(_NOW.search(around))
            if (urgent or (not rule.present and len(folded) <= 200)) and not _NOT_NOW.search(
                around
            ):
                return rule.call
    return None
