"""The one way in: `Assistant.decide_many`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.clarify import Questions
from assistant.clauses import ClauseChooser
from assistant.decide import decide
from assistant.links import link
from assistant.matters import query_of, split_matters
from assistant.model import BadMessage, Decision, Matter, MatterDecision, Message, Outcome, Tier
from assistant.ranking import Ranker, load_trained
from assistant.safety import danger_now
from assistant.settings import Settings
from assistant.splitting import Reader, Splitter
from assistant.transfer import adapted, inherited
from corpus.model import Duty, DutyList
from corpus.store import (
    DEFAULT_LIST,
    asks_digest,
    list_folder,
    load_list,
    read_asks,
    training_asks,
)
from index.encoder import BundledEncoder, Encoder, load_encoder
from index.errors import DamagedIndex, StaleIndex
from index.index import Index, Progress, remove_others
from index.manifest import Sources
from index.passages import Query, list_terms
from index.tokens import Tokenizer

LONGEST_MESSAGE = 20_000
BATCH = 64


class Assistant:
    """Decides messages against one list. Thread-safe: nothing changes after it is made."""

    def __init__(
        self,
        duty_list: DutyList,
        index: Index,
        ranker: Ranker,
        questions: Questions | None = None,
        splitter: Splitter | None = None,
    ) -> None:
        self.list = duty_list
        self.index = index
        self.ranker = ranker
        self.questions = questions or Questions()
        self.splitter = splitter
        self._clauses = ClauseChooser(duty_list, index)

    @classmethod
    def open(cls, settings: Settings, progress: Progress | None = None) -> Assistant:
        """Load list, encoder, index and ranker; an index that is missing or damaged is built."""
        folder = list_folder(settings.list_slug)
        duty_list = load_list(folder)
        index = open_index(settings, duty_list, folder, progress)
        head, calibration, splitter = load_trained(index.encoder.fingerprint)
        if head is not None and settings.list_slug != DEFAULT_LIST:
            head = adapted(head, index.duty_ids, _links(duty_list), index)
        ranker = Ranker(index.duty_ids, head, calibration)
        return cls(duty_list, index, ranker, Questions.load(folder, duty_list), splitter)

    def decide(self, message: Message) -> Decision:
        """Decide one message; BadMessage if there is nothing in it to decide."""
        return self.decide_many([message])[0]

    def decide_many(self, messages: Sequence[Message]) -> list[Decision]:
        """Decide messages, in order. BadMessage if one is empty or too long (`check` tells)."""
        decisions: list[Decision] = []
        for start in range(0, len(messages), BATCH):
            decisions += self._decide_batch(messages[start : start + BATCH])
        return decisions

    def decide_whole(self, message: Message) -> MatterDecision:
        """Decide a message as one matter, whatever it lists; BadMessage if it is empty."""
        check(message)
        return self._decide_matters([Matter(message.text.strip(), message.title)])[0]

    def responsible(self, duty: Duty, matter: Matter) -> str | None:
        """The department that a duty makes answerable for a matter."""
        query = query_of(matter)
        return self._clauses.choose(duty, query, self.index.encoder.encode([query])[0])[1]

    def _decide_batch(self, messages: Sequence[Message]) -> list[Decision]:
        for message in messages:
            check(message)
        matters = [self._split(message) for message in messages]
        flat = [matter for group in matters for matter in group]
        decided = iter(self._decide_matters(flat))
        return [
            Decision(
                message=message,
                matters=self._danger_first(message, _merge([next(decided) for _ in group])),
                list_slug=self.list.slug,
                list_edition=self.list.edition,
            )
            for message, group in zip(messages, matters, strict=True)
        ]

    def _split(self, message: Message) -> list[Matter]:
        """Where the text turns to another duty; a writer's own numbering says where to look."""
        numbered = split_matters(message)
        if self.splitter is None:
            return numbered
        reader = Reader(self._encode, self.ranker.cosines)
        if len(numbered) > 1:
            parts = self.splitter.group([f"{matter.text}\n" for matter in numbered], reader)
        else:
            parts = self.splitter.split(numbered[0].text, reader)
        if len(parts) > 1:
            return [Matter(part) for part in parts]
        return [Matter(message.text.strip(), message.title)]

    def _encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return self.index.encoder.encode([Query(text) for text in texts])

    def _danger_first(
        self, message: Message, decisions: tuple[MatterDecision, ...]
    ) -> tuple[MatterDecision, ...]:
        """Danger anywhere in a message, outside its numbered parts too, comes first of all."""
        preamble = message.text.partition("\n")[0]
        divert = next((d.divert for d in decisions if d.divert), None)
        for text in dict.fromkeys((f"{message.title}\n{message.text}", message.title, preamble)):
            divert = divert or danger_now(text, self.index.tokenizer)
        if divert is None:
            return decisions
        first = replace(
            decisions[0], outcome=Outcome.DIVERTED, tier=Tier.MANUAL, divert=divert, question=None
        )
        return (first, *decisions[1:])

    def _decide_matters(self, matters: Sequence[Matter]) -> list[MatterDecision]:
        queries = [query_of(matter) for matter in matters]
        found = self.index.search(queries)
        decisions = []
        for matter, query, one, ranked in zip(
            matters, queries, found, self.ranker.rank(found), strict=True
        ):
            best = self.list.duty(ranked.duty_ids[0])
            clause, responsible = self._clauses.choose(best, query, one.vector)
            decisions.append(
                decide(
                    matter=matter,
                    ranked=ranked,
                    duty_list=self.list,
                    calibration=self.ranker.calibration,
                    questions=self.questions,
                    divert=danger_now(f"{matter.title}\n{matter.text}", self.index.tokenizer),
                    clause=clause,
                    responsible=responsible,
                )
            )
        return decisions


def check(message: Message) -> None:
    """BadMessage if a message has no text or more than can be read."""
    text = f"{message.title}{message.text}"
    if not text.strip():
        raise BadMessage("没有内容：请用一两句话写下要问的事")
    if len(text) > LONGEST_MESSAGE:
        raise BadMessage(
            f"内容太长（{len(text)}字）：请删减到{LONGEST_MESSAGE}字以内，留下要解决的事"
        )


def open_index(
    settings: Settings, duty_list: DutyList, folder: Path, progress: Progress | None = None
) -> Index:
    """The saved index for these settings, built first where that is needed."""
    encoder = load_encoder(settings.encoder)
    tokenizer = (
        encoder.tokenizer
        if isinstance(encoder, BundledEncoder)
        else Tokenizer(list_terms(duty_list))
    )
    root = settings.data / "index" / duty_list.slug
    try:
        return Index.load(root, _sources(duty_list, folder, encoder), encoder, tokenizer)
    except StaleIndex:
        pass
    except DamagedIndex as problem:
        print(f"{problem}\n正在重建……", file=sys.stderr)
    return build_index(settings, duty_list, folder, encoder, tokenizer, progress)


def build_index(
    settings: Settings,
    duty_list: DutyList,
    folder: Path,
    encoder: Encoder,
    tokenizer: Tokenizer,
    progress: Progress | None = None,
) -> Index:
    """Build and save the index, and drop those of older sources."""
    asks = training_asks(read_asks(folder, duty_list))
    if duty_list.slug != DEFAULT_LIST:
        learned = read_asks(list_folder(DEFAULT_LIST))
        asks += inherited(training_asks(learned), _links(duty_list))
    sources = _sources(duty_list, folder, encoder)
    show = progress or (lambda done, total: None)
    index = Index.build(duty_list, asks, encoder, tokenizer, show, sources)
    root = settings.data / "index" / duty_list.slug
    index.save(root)
    remove_others(root, index.sources)
    return index


def _sources(duty_list: DutyList, folder: Path, encoder: Encoder) -> Sources:
    digests = [asks_digest(folder)]
    if duty_list.slug != DEFAULT_LIST:
        digests.append(asks_digest(list_folder(DEFAULT_LIST)))
    return Sources(duty_list.fingerprint, "-".join(digests), encoder.fingerprint)


def _links(duty_list: DutyList) -> dict[str, str]:
    """To the list that the bundled model was trained on."""
    return link(duty_list, load_list(list_folder(DEFAULT_LIST)))


def _merge(decisions: list[MatterDecision]) -> tuple[MatterDecision, ...]:
    """Parts that lead to the same duty are one matter; parts that lead nowhere add nothing."""
    kept: list[MatterDecision] = []
    for decision in decisions:
        same = next((k for k in kept if _key(k) == _key(decision)), None)
        if same is None:
            kept.append(decision)
        else:
            text = f"{same.matter.text}\n{decision.matter.text}"
            kept[kept.index(same)] = replace(same, matter=replace(same.matter, text=text))
    return tuple(kept)


def _key(decision: MatterDecision) -> tuple[object, object]:
    return decision.outcome, decision.duty.id if decision.duty else decision.candidates[0].duty.id
