"""Settings: one table that feeds defaults, environment variables, help and docs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


class BadSetting(ValueError):
    """A setting whose value can't be used; says which, its value and what would do."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting's environment variable, default and meaning."""

    variable: str
    default: str
    meaning: str


TABLE: dict[str, Setting] = {
    "list_slug": Setting("SHUI_LIST", "heshi", "使用哪一份清单（corpus/lists 下的文件夹名）"),
    "encoder": Setting(
        "SHUI_ENCODER", "bundled", "编码器：bundled，或 sentence-transformers 模型的名称或文件夹"
    ),
    "data": Setting("SHUI_DATA", "var", "数据文件夹（索引等放在这里）"),
    "host": Setting("SHUI_HOST", "127.0.0.1", "网页服务监听的地址"),
    "port": Setting("SHUI_PORT", "8000", "网页服务监听的端口"),
    "workers": Setting("SHUI_WORKERS", "2", "网页服务的进程数"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Values in use. `data` is made absolute, so that a change of folder later does no harm."""

    list_slug: str
    encoder: str
    data: Path
    host: str
    port: int
    workers: int

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Defaults, overridden by environment variables, overridden by what is given."""
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for field in fields(cls):
            setting = TABLE[field.name]
            raw = given.get(field.name)
            if raw is None:
                raw = environment.get(setting.variable) or setting.default
            values[field.name] = _convert(setting, field.name, raw)
        return cls(**values)

    def environment(self) -> dict[str, str]:
        """The process's environment with these settings in it, for a process started from here."""
        return {
            **os.environ,
            **{TABLE[f.name].variable: str(getattr(self, f.name)) for f in fields(self)},
        }


def _convert(setting: Setting, name: str, raw: Any) -> Any:
    if name == "data":
        return Path(raw).expanduser().absolute()
    if name in ("port", "workers"):
        low, high = (1, 65535) if name == "port" else (1, 64)
        if not str(raw).isdecimal() or not low <= int(raw) <= high:
            raise BadSetting(
                f"{setting.variable}（{setting.meaning}）应是{low}到{high}之间的整数，现在是“{raw}”"
            )
        return int(raw)
    return str(raw)
