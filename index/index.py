"""The search index of one list: build, save, load, search."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from corpus.model import DutyList
from corpus.store import Ask
from index.dense import Dense
from index.encoder import Encoder
from index.errors import DamagedIndex, IndexProblem, StaleIndex
from index.lexical import Lexical
from index.manifest import Manifest, Sources, file_mark
from index.passages import Kind, Query, passages_of
from index.tokens import Tokenizer

ENCODE_BATCH = 256
HITS = 64

Progress = Callable[[int, int], None]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a query found. `duty_id` is None for an ask that no duty covers.

    `lexical` is its BM25 and `dense` its cosine; 0 where only the other search found it.
    """

    passage_id: int
    duty_id: str | None
    kind: Kind
    clause: int
    lexical: float
    dense: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found: its vector, its hits (the dense ones first), its length in tokens."""

    vector: Floats
    hits: tuple[Hit, ...]
    length: int


class Index:
    """Passages of one list with BM25 and FAISS over them."""

    def __init__(
        self,
        sources: Sources,
        duty_ids: Sequence[str],
        table: npt.NDArray[np.int32],
        lexical: Lexical,
        dense: Dense,
        encoder: Encoder,
        tokenizer: Tokenizer,
    ) -> None:
        """`table` has a row a passage: position in `duty_ids` (or -1), kind, clause."""
        self.sources = sources
        self.duty_ids = tuple(duty_ids)
        self.table = table
        self.lexical = lexical
        self.dense = dense
        self.encoder = encoder
        self.tokenizer = tokenizer

    @classmethod
    def build(
        cls,
        duty_list: DutyList,
        asks: Sequence[Ask],
        encoder: Encoder,
        tokenizer: Tokenizer,
        progress: Progress = lambda done, total: None,
        sources: Sources | None = None,
    ) -> Index:
        """Build in memory. `progress(done, total)` is called as passages are encoded.

        `sources` names the index where the caller knows the asks by a digest of their own.
        """
        passages = passages_of(duty_list, asks)
        duty_ids = [duty.id for duty in duty_list]
        position = {duty_id: row for row, duty_id in enumerate(duty_ids)}
        table = np.array(
            [(position.get(p.duty_id or "", -1), int(p.kind), p.clause) for p in passages],
            dtype=np.int32,
        ).reshape(len(passages), 3)
        vectors = np.zeros((len(passages), encoder.dimension), dtype=np.float32)
        documents: list[list[str]] = []
        for start in range(0, len(passages), ENCODE_BATCH):
            batch = passages[start : start + ENCODE_BATCH]
            vectors[start : start + len(batch)] = encoder.encode([Query(p.text) for p in batch])
            documents += (tokenizer.tokens(p.text) for p in batch)
            progress(start + len(batch), len(passages))
        return cls(
            sources=sources or sources_of(duty_list, asks, encoder),
            duty_ids=duty_ids,
            table=table,
            lexical=Lexical.build(documents),
            dense=Dense.build(vectors),
            encoder=encoder,
            tokenizer=tokenizer,
        )

    def search(self, queries: Sequence[Query], k: int = HITS) -> list[Found]:
        """For each query its vector and up to 2k hits: the k nearest and the k best by BM25."""
        if not queries:
            return []
        vectors = self.encoder.encode(queries)
        near, cosines = self.dense.top(vectors, k)
        found = []
        for row, query in enumerate(queries):
            merged = {int(p): [0.0, float(c)] for p, c in zip(near[row], cosines[row], strict=True)}
            tokens = self.tokenizer.tokens(query.whole)
            for passage, score in zip(*self.lexical.top(tokens, k), strict=True):
                merged.setdefault(int(passage), [0.0, 0.0])[0] = float(score)
            hits = tuple(self._hit(p, lexical, dense) for p, (lexical, dense) in merged.items())
            found.append(Found(vectors[row], hits, len(tokens)))
        return found

    def _hit(self, passage: int, lexical: float, dense: float) -> Hit:
        duty, kind, clause = self.table[passage].tolist()
        return Hit(
            passage_id=passage,
            duty_id=self.duty_ids[duty] if duty >= 0 else None,
            kind=Kind(kind),
            clause=clause,
            lexical=lexical,
            dense=dense,
        )

    def save(self, root: Path) -> Path:
        """Write under `root` in a folder named by the sources; whole or not at all.

        Two processes that save the same index at once are harmless: the first rename wins.
        """
        root.mkdir(parents=True, exist_ok=True)
        target = root / self.sources.key
        draft = Path(tempfile.mkdtemp(dir=root, prefix=".building-"))
        try:
            np.save(draft / "table.npy", self.table)
            (draft / "duties.txt").write_text("\n".join(self.duty_ids), "utf-8")
            self.lexical.save(draft)
            self.dense.save(draft)
            marks = {path.name: file_mark(path) for path in sorted(draft.iterdir())}
            Manifest(
                sources=self.sources,
                passages=len(self.table),
                dimension=self.encoder.dimension,
                files={name: mark for name, mark in marks.items() if mark},
            ).save(draft)
            draft.chmod(0o755)
            _move_into_place(draft, target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return target

    @classmethod
    def load(cls, root: Path, sources: Sources, encoder: Encoder, tokenizer: Tokenizer) -> Index:
        """Open the saved index of those sources.

        StaleIndex if there is none, DamagedIndex if its files are not as they were written.
        """
        folder = root / sources.key
        if not folder.is_dir():
            raise StaleIndex(
                f"{root} 里没有与当前清单、问法和编码器相符的索引；请运行 python -m assistant index"
            )
        manifest = Manifest.load(folder)
        if manifest.sources != sources:
            raise DamagedIndex(f"索引 {folder} 与它的名字不符；请运行 python -m assistant index")
        try:
            return cls(
                sources=sources,
                duty_ids=(folder / "duties.txt").read_text("utf-8").split("\n"),
                table=np.load(folder / "table.npy"),
                lexical=Lexical.load(folder, manifest.passages),
                dense=Dense.load(folder),
                encoder=encoder,
                tokenizer=tokenizer,
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise DamagedIndex(
                f"索引 {folder} 打不开（{error}）；请运行 python -m assistant index"
            ) from None


def sources_of(duty_list: DutyList, asks: Sequence[Ask], encoder: Encoder) -> Sources:
    """The sources that an index of these would have."""
    digest = hashlib.sha256()
    for ask in asks:
        digest.update(repr((ask.duty, ask.text)).encode("utf-8", "surrogatepass"))
    return Sources(duty_list.fingerprint, digest.hexdigest(), encoder.fingerprint)


def remove_others(root: Path, keep: Sources) -> None:
    """Delete saved indexes of other sources, and drafts left by a build that was killed."""
    for path in root.iterdir():
        stale_draft = path.name.startswith(".building-") and _older_than_an_hour(path)
        stale_index = len(path.name) == len(keep.key) and path.name != keep.key
        if path.is_dir() and (stale_draft or stale_index):
            shutil.rmtree(path, ignore_errors=True)


def _older_than_an_hour(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > 3600


def _move_into_place(draft: Path, target: Path) -> None:
    """Rename, unless somebody saved the same index first; a damaged one makes room.

    Several processes may find the same damage at once, so each step may be undone by another:
    look again until a good index lies there, whoever put it.
    """
    reason = ""
    for _ in range(20):
        try:
            draft.rename(target)
            return
        except OSError as error:
            reason = str(error.strerror)
        try:
            Manifest.load(target)
            return
        except DamagedIndex:
            _set_aside(target)
    raise IndexProblem(f"写不进索引文件夹 {target}（{reason}）")


def _set_aside(target: Path) -> None:
    aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=".building-"))
    try:
        target.rename(aside / "damaged")
    except OSError:
        pass  # another process was quicker
    finally:
        shutil.rmtree(aside, ignore_errors=True)
