"""What a saved index was built from, and whether its files are still those."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

from index.errors import DamagedIndex

# Raise when the files or the way texts are cut change: older indexes are then built anew.
VERSION = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that decides what an index holds."""

    list_fingerprint: str
    asks_fingerprint: str
    encoder_fingerprint: str
    version: int = VERSION

    @property
    def key(self) -> str:
        """Name of the index's folder: other sources, another folder, so none goes stale."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Sources, sizes, and size and CRC-32 of each file."""

    sources: Sources
    passages: int
    dimension: int
    files: dict[str, tuple[int, str]]

    def save(self, folder: Path) -> None:
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        (folder / MANIFEST).write_text(text + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read and check a folder's manifest and files; DamagedIndex says which is wrong."""
        try:
            stored = json.loads((folder / MANIFEST).read_bytes())
            manifest = cls(
                sources=Sources(**stored["sources"]),
                passages=stored["passages"],
                dimension=stored["dimension"],
                files={name: (size, crc) for name, (size, crc) in stored["files"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedIndex(
                f"索引 {folder} 的 {MANIFEST} 读不出来（{error}）；请运行 python -m assistant index"
            ) from None
        for name, expected in manifest.files.items():
            if file_mark(folder / name) != expected:
                raise DamagedIndex(
                    f"索引文件 {folder / name} 缺失或已损坏；请运行 python -m assistant index"
                )
        return manifest


def file_mark(path: Path) -> tuple[int, str] | None:
    """Size and CRC-32 of a file, or None if it can't be read."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return len(data), f"{zlib.crc32(data):08x}"
