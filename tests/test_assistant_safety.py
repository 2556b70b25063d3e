"""Danger now is diverted to the right number; talk about danger is not."""

from __future__ import annotations

import pytest

from assistant.safety import danger_now
from index.tokens import Tokenizer

TOKENIZER = Tokenizer()

EMERGENCIES = [
    ("快来人啊，我家厨房着火了！", "119"),
    ("后山起火了，火正往村里烧", "119"),
    ("隔壁楼着火了怎么办", "119"),
    ("隔壁樓著火了，快來救火", "119"),
    ("电动车在楼道里烧起来了，现在全是烟", "119"),
    ("家里煤气泄漏了，味道好大", "119"),
    ("液化气罐漏气了，现在不敢动", "119"),
    ("有人被困在电梯里，快来救人", "119"),
    ("房子塌了，刚刚有人埋在里面", "119"),
    ("有个小孩掉进池塘里了，快来人", "110"),
    ("有人落水了！救命", "110"),
    ("河里有小孩溺水了", "110"),
    ("有人拿刀砍人，快来", "110"),
    ("我老公正在打我，救命", "110"),
    ("我不想活了", "110"),
    ("有人站在桥上要跳河", "110"),
    ("我妈喝了农药，快救救她", "110"),
    ("我爸突然昏迷不醒，怎么办", "120"),
    ("老人晕倒在地上没呼吸了", "120"),
    ("有人触电了，躺在地上不动", "120"),
    ("我被毒蛇咬了，刚刚咬的", "120"),
    ("一家人煤气中毒，现在都昏迷了", "120"),
    ("村口刚刚出车祸了，有人被撞伤流血", "122"),
    ("货车翻车了，司机困在里面", "122"),
]

NEAR_MISSES = [
    "小区消防通道堵塞，消防车进不来",
    "学校开展防溺水宣传",
    "去年发生过火灾，损失怎么申请补助",
    "煤气补贴什么时候发",
    "天然气什么时候通到我们村",
    "灭火器过期了找谁换",
    "消防安全检查找哪个部门",
    "楼道里停电动车充电，担心着火",
    "邻居家燃气管道老化有泄漏隐患",
    "我上个月被车撞伤，工伤认定怎么办",
    "交通事故死亡丧葬补助找谁",
    "池塘没有栏杆，怕小孩掉进去",
    "森林防火期能不能烧纸",
    "有人焚烧秸秆，烟很大",
    "村里有个精神病人要人管",
    "家暴受害者可以申请法律援助吗",
    "食物中毒应急预案是谁编",
    "自然灾害房屋倒塌补助怎么申请",
    "心理健康宣传和自杀预防",
    "河里有人电鱼",
    "打架的案子判了，赔偿没拿到",
    "摔倒骨折能报销医保吗",
    "蛇咬伤的疫苗哪里打",
    "禁止燃放烟花爆竹由谁管",
    "水库大坝安全鉴定谁负责",
    "低保户去世了怎么停发",
    "",
    "？？？",
]

TERSE = [
    ("有人溺水", "110"),
    ("有人触电", "120"),
    ("有人跳河了", "110"),
    ("有人要杀我", "110"),
    ("我想死", "110"),
    ("我妈摔倒起不来了", "120"),
    ("我奶奶突然倒地不起", "120"),
    ("孩子喝了洁厕灵", "120"),
    ("闻到煤气味好大", "119"),
    ("屋里起火啦快点", "119"),
    ("村民被洪水困住了，现在出不来", "119"),
    ("现在家里老人昏倒住院，医保怎么报销", None),
    ("我被撞伤了现在要申请临时救助", None),
    ("我爸中风了现在瘫痪在床，能办残疾证吗", None),
]


@pytest.mark.parametrize(("text", "number"), TERSE)
def test_a_few_words_are_enough(text, number):
    divert = danger_now(text, TOKENIZER)
    assert (divert and divert.number) == number


@pytest.mark.parametrize(("text", "number"), EMERGENCIES)
def test_emergency_is_diverted(text, number):
    divert = danger_now(text, TOKENIZER)
    assert divert is not None
    assert divert.number == number
    assert number in divert.reason


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_near_miss_is_not(text):
    assert danger_now(text, TOKENIZER) is None


@pytest.mark.parametrize("text", [t for t, _ in EMERGENCIES])
def test_polite_words_around_it_change_nothing(text):
    assert danger_now(f"您好。{text}。谢谢。", TOKENIZER) == danger_now(text, TOKENIZER)


@pytest.mark.parametrize("text", ["\ud800", "火" * 20000, "<script>着火了</script>", "\x00\x01"])
def test_odd_text_is_no_trouble(text):
    danger_now(text, TOKENIZER)


def test_every_number_is_one_that_can_be_called():
    assert {
        danger_now(t, TOKENIZER).number for t, _ in EMERGENCIES if danger_now(t, TOKENIZER)
    } <= {
        "110",
        "119",
        "120",
        "122",
    }


def test_a_decision_with_danger_is_for_a_person(assistant):
    from assistant.model import Message, Outcome, Tier

    decision = assistant.decide(Message("快来人啊，我家厨房着火了！")).main
    assert decision.outcome is Outcome.DIVERTED
    assert decision.tier is Tier.MANUAL
    assert decision.divert.number == "119"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("", "我家厨房着火了快来人！\n1、路灯坏了没有人来修；\n2、低保怎么申请才行。"),
        ("我家厨房着火了快来人", "1、路灯坏了没有人来修；\n2、低保怎么申请才行。"),
        ("", "1、路灯坏了没有人来修；\n2、我家厨房着火了快来人救火。"),
    ],
)
def test_danger_beside_numbered_matters_is_not_lost(assistant, title, text):
    from assistant.model import Message

    decision = assistant.decide(Message(text, title))
    assert any(matter.divert for matter in decision.matters)
    assert decision.main.divert is not None and decision.main.divert.number == "119"
