"""The command line: `python -m assistant COMMAND`. Heavy imports stay inside the commands."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.settings import TABLE, BadSetting, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status (0 done, 1 refused with a reason, 2 misuse)."""
    parser = build_parser()
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given, Settings.load(list_slug=given.list, encoder=given.encoder)))
    except KeyboardInterrupt:
        print("已停止", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        if not _is_told(error):
            raise
        print(f"错误：{error}", file=sys.stderr)
        return 1


def _is_told(error: Exception) -> bool:
    """Whether an error was made for people, so that its message is all they need."""
    if isinstance(error, BadSetting):
        return True
    from assistant.model import BadMessage
    from corpus.errors import CorpusError

    kinds: list[type[Exception]] = [BadMessage, CorpusError]
    # Only where these were imported can one of their errors have been raised.
    for module, name in (
        ("index.errors", "IndexProblem"),
        ("assistant.tickets", "TicketFileError"),
    ):
        if module in sys.modules:
            kinds.append(getattr(sys.modules[module], name))
    return isinstance(error, tuple(kinds))


def build_parser() -> argparse.ArgumentParser:
    """The parser with all commands."""
    settings = "\n".join(f"  {s.variable}（默认 {s.default}）  {s.meaning}" for s in TABLE.values())
    parser = argparse.ArgumentParser(
        prog="python -m assistant",
        description="谁来管：用自己的话问，按履职事项清单答。",
        epilog=f"环境变量：\n{settings}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--list", help=TABLE["list_slug"].meaning)
    parser.add_argument("--encoder", help=TABLE["encoder"].meaning)
    commands = parser.add_subparsers(title="命令", required=True, metavar="命令")
    ask = _command(commands, "ask", _ask, "问一件事")
    ask.add_argument("text", help="要问的话；写 - 则从标准输入读")
    ask.add_argument("--json", action="store_true", help="输出完整的判定（JSON）")
    route = _command(commands, "route", _route, "整批判定工单（JSONL）")
    route.add_argument(
        "input", type=Path, metavar="INPUT", help="每行一个 {id, text} 或 {id, title, body}"
    )
    route.add_argument("output", type=Path, metavar="OUTPUT", help="每行一个判定，顺序不变")
    duties = _command(commands, "duties", _duties, "列出清单的全部事项")
    duties.add_argument("--json", action="store_true", help="输出每项的全部内容（JSON）")
    _command(commands, "lint", _lint, "查找清单本身的可疑之处")
    asks = _command(commands, "asks", _asks, "查看问法的分布和近似重复")
    asks.add_argument(
        "--doubtful",
        type=int,
        default=0,
        metavar="N",
        help="再列出归属最可疑的N条（需要几分钟）",
    )
    _command(commands, "parse", _parse, "由 source.txt 重新生成 duties.json")
    _command(commands, "index", _index, "重建检索索引")
    train = _command(commands, "train", _train, "训练自带的编码器和排序")
    train.add_argument(
        "--real", type=Path, nargs="*", default=[], help="真实来信（JSONL），只取权重，交叉校准"
    )
    evaluate = _command(commands, "evaluate", _evaluate, "衡量准确率")
    evaluate.add_argument(
        "--real", type=Path, nargs="*", default=[], help="没有拿来训练的真实来信（JSONL）"
    )
    evaluate.add_argument(
        "--cross-validate",
        type=Path,
        nargs="*",
        default=[],
        help="训练用过的真实来信：每次留出五分之一重新训练，再衡量",
    )
    evaluate.add_argument(
        "--transfer", action="store_true", help="换成没有自己问法的另一个镇的清单，再衡量"
    )
    serve = _command(commands, "serve", _serve, "启动网页")
    serve.add_argument("--host", help=TABLE["host"].meaning)
    serve.add_argument("--port", help=TABLE["port"].meaning)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace, Settings], int],
    meaning: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=meaning, description=meaning)
    command.set_defaults(run=run)
    return command


def _ask(given: argparse.Namespace, settings: Settings) -> int:
    from assistant.model import Message
    from assistant.serialize import decision_json
    from assistant.service import Assistant, check
    from assistant.wording import as_text

    text = sys.stdin.buffer.read().decode("utf-8", "replace") if given.text == "-" else given.text
    message = Message(text)
    check(message)
    assistant = Assistant.open(settings, _progress("建立索引"))
    decision = assistant.decide(message)
    if given.json:
        _print(json.dumps(decision_json(decision), ensure_ascii=False, indent=1))
    else:
        _print("\n\n".join(as_text(matter, assistant.list) for matter in decision.matters))
    return 0


def _route(given: argparse.Namespace, settings: Settings) -> int:
    from assistant.service import Assistant
    from assistant.tickets import TicketFileError, route

    if not given.input.is_file():
        raise TicketFileError(f"没有这个文件：{given.input}")
    assistant = Assistant.open(settings, _progress("建立索引"))
    with given.input.open("rb") as file:
        total = sum(1 for line in file if line.strip())
    show = _progress("判定工单")
    routed = route(assistant, given.input, given.output, lambda done: show(done, total))
    print(f"已判定 {routed.decided} 件，写入 {given.output}", file=sys.stderr)
    if routed.refused:
        print(f"另有 {routed.refused} 行不能判定，原因写在该行的 error 里", file=sys.stderr)
    return 0


def _duties(given: argparse.Namespace, settings: Settings) -> int:
    from assistant.serialize import duty_json
    from assistant.wording import HANDLING_NAMES
    from corpus.store import list_folder, load_list

    duty_list = load_list(list_folder(settings.list_slug))
    if given.json:
        _print(
            json.dumps([duty_json(d, duty_list) for d in duty_list], ensure_ascii=False, indent=1)
        )
        return 0
    for duty in duty_list:
        _print(f"{duty.id}\t{HANDLING_NAMES[duty.handling]}\t{duty.title}")
    return 0


def _lint(given: argparse.Namespace, settings: Settings) -> int:
    from corpus.lint import lint
    from corpus.store import list_folder, load_list

    findings = lint(load_list(list_folder(settings.list_slug)))
    for finding in findings:
        _print(f"source.txt:{finding.line}  {finding.duty_id or '-'}  {finding.message}")
    print(f"共 {len(findings)} 处；清单原文不会被改动", file=sys.stderr)
    return 0


def _asks(given: argparse.Namespace, settings: Settings) -> int:
    from corpus.asks import distribution, near_duplicates
    from corpus.store import NOT_LISTED, list_folder, load_list, read_asks

    folder = list_folder(settings.list_slug)
    duty_list = load_list(folder)
    asks = read_asks(folder, duty_list)
    _print(distribution(asks, duty_list))
    pairs = list(near_duplicates(asks))
    _print(f"近似重复：{len(pairs)} 对")
    for pair in pairs:
        _print(f"  第{pair.first + 1}行与第{pair.second + 1}行相似 {pair.likeness:.2f}")
    if given.doubtful:
        from assistant.doubts import doubtful

        found = doubtful(duty_list, asks)
        _print(f"换一项更像的：{len(found)} 条")
        for doubt in found[: given.doubtful]:
            text = doubt.ask.text.replace("\n", " ")[:60]
            _print(
                f"  第{doubt.position + 1}行 {doubt.ask.duty or NOT_LISTED} → {doubt.better}"
                f"（差 {doubt.margin:.2f}）：{text}"
            )
    return 0


def _parse(given: argparse.Namespace, settings: Settings) -> int:
    from corpus.store import list_folder, parse_folder, write_duties

    folder = list_folder(settings.list_slug)
    duty_list = parse_folder(folder)
    print(f"读到 {len(duty_list)} 项，写入 {write_duties(duty_list, folder)}")
    return 0


def _index(given: argparse.Namespace, settings: Settings) -> int:
    from assistant.service import build_index
    from corpus.store import list_folder, load_list
    from index.encoder import BundledEncoder, load_encoder
    from index.passages import list_terms
    from index.tokens import Tokenizer

    folder = list_folder(settings.list_slug)
    duty_list = load_list(folder)
    encoder = load_encoder(settings.encoder)
    tokenizer = (
        encoder.tokenizer
        if isinstance(encoder, BundledEncoder)
        else Tokenizer(list_terms(duty_list))
    )
    index = build_index(settings, duty_list, folder, encoder, tokenizer, _progress("建立索引"))
    print(f"索引已建好：{len(index.table)} 条，放在 {settings.data / 'index'}")
    return 0


def _train(given: argparse.Namespace, settings: Settings) -> int:
    from assistant.fitting import train

    train(settings, given.real, report=lambda line: print(line, file=sys.stderr))
    return 0


def _evaluate(given: argparse.Namespace, settings: Settings) -> int:
    from assistant.evaluation import evaluate, evaluate_by_folds

    if given.transfer:
        from assistant.transfer_check import report

        _print(report(settings))
    elif given.cross_validate:
        progress = lambda line: print(line, file=sys.stderr)  # noqa: E731
        _print(evaluate_by_folds(settings, given.cross_validate, progress))
    else:
        _print(evaluate(settings, given.real))
    return 0


def _serve(given: argparse.Namespace, settings: Settings) -> int:
    import subprocess

    settings = Settings.load(
        list_slug=given.list, encoder=given.encoder, host=given.host, port=given.port
    )
    from assistant.service import Assistant

    # Build what is missing before the workers start, so that it is built once.
    Assistant.open(settings, _progress("建立索引"))
    print(f"打开浏览器访问 http://{settings.host}:{settings.port}/ （按 Ctrl+C 停止）", flush=True)
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:web.server",
        "web:create_app()",
    ]
    return subprocess.call(command, env=settings.environment())


def _progress(what: str) -> Callable[[int, int], None]:
    """A bar on stderr, made by tqdm when the first step is reported."""
    bars: list[object] = []

    def show(done: int, total: int) -> None:
        from tqdm import tqdm

        if not bars:
            bars.append(tqdm(total=total, desc=what, unit="条", file=sys.stderr))
        bar = bars[0]
        assert isinstance(bar, tqdm)
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return show


def _print(text: str) -> None:
    """Write to stdout what any terminal can take: lone surrogates become question marks."""
    sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")
