"""Results of a batch: lines, joins, verdicts and exports, next to plain passes over the same bytes.

    python tests/bench/bench_results.py [--requests 250000] [--answer 3300] [--runs 3]

Makes its own files in a temporary folder: an input file of about 800 bytes a request, and an output file of about
`--answer` + 700 bytes a result, in another order. The default takes well under a minute; 250,000 requests make the
200 MB and 1 GB that the goals speak of. Asserts no time. Memory is measured in a process of its own for each step.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import orjson

from tui.files.atomic import written
from tui.results.check import Reported
from tui.results.export.columns import columns_of
from tui.results.export.csv import export_csv
from tui.results.export.jsonl import export_jsonl
from tui.results.export.retry_file import write_remainder
from tui.results.fast_parse import read_result
from tui.results.join import Judgement, Returned, judge
from tui.results.line_index import LineFile
from tui.results.match import RequestIndex
from tui.results.pretty import pretty
from tui.results.row import answer_text, read_row

WORDS = ("lorem", "ipsum", "dolor", "zażółć", "gęślą", '"quoted"', "0.25", "line\nbreak", "sit", "amet")


def quiet(_done: int, _total: int) -> None:
    pass


def never() -> bool:
    return False


def make(folder: Path, requests: int, answer: int) -> None:
    """`in`, `out` (95 of 100, shuffled) and `err` (4 of 100); one of 100 has no result."""
    chance = random.Random(7)
    prose = " ".join(chance.choices(WORDS, k=20_000))
    order = list(range(requests))
    with (folder / "in").open("wb") as file:
        for number in order:
            start = chance.randrange(len(prose) - 600)
            content = [{"role": "user", "content": prose[start : start + 600]}]
            body: dict[str, object] = {"model": "gpt-4o-mini", "messages": content, "max_tokens": 500}
            line = {"custom_id": f"request-{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    chance.shuffle(order)
    with (folder / "out").open("wb") as output, (folder / "err").open("wb") as errors:
        for place, number in enumerate(order):
            if place % 100 == 0:
                continue
            failed = place % 100 < 5
            start = chance.randrange(len(prose) - answer)
            body = _failure(number) if failed else _answer(number, prose[start : start + answer])
            response = {"status_code": 429 if failed else 200, "request_id": f"{number:032x}", "body": body}
            row: dict[str, object] = {
                "id": f"r{number}",
                "custom_id": f"request-{number}",
                "response": response,
                "error": None,
            }
            (errors if failed else output).write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _failure(number: int) -> dict[str, object]:
    message = f"Rate limit reached for gpt-4o-mini in organization org-demo: Used {number}."
    return {"error": {"message": message, "type": "tokens", "param": None, "code": "rate_limit_exceeded"}}


def _answer(number: int, text: str) -> dict[str, object]:
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 150, "completion_tokens": 700, "total_tokens": 850}
    return {"id": f"chatcmpl-{number}", "object": "chat.completion", "choices": [choice], "usage": usage}


def best(runs: int, action: Callable[[], object]) -> float:
    """Seconds of the fastest of `runs`: the one that other work on the machine disturbed least."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def growth(action: Callable[[Path], object], folder: Path) -> float:
    """MB by which a fresh process grows at its highest in `action`."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_grow, args=(action, folder, sending))
    process.start()
    grown: float = receiving.recv()
    process.join()
    return grown


def _grow(action: Callable[[Path], object], folder: Path, sending: Connection[float, float]) -> None:
    before = _resident("VmRSS")
    kept = action(folder)
    sending.send(_resident("VmHWM") - before)
    del kept


def _resident(field: str) -> float:
    """MB in memory: now (`VmRSS`), or at the highest (`VmHWM`)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split(f"{field}:")[1].split()[0]) * 1024 / 1e6


def index_lines(folder: Path) -> LineFile:
    file = LineFile(folder / "out")
    file.index(quiet, never)
    return file


def index_requests(folder: Path) -> RequestIndex:
    return RequestIndex.build(folder / "in", quiet, never)


def verdict(folder: Path) -> Judgement:
    requests = index_requests(folder)
    return judge(requests, [Returned(folder / "out", folder / "err", Reported())], progress=quiet, cancelled=never)


def plain_pass(folder: Path, *names: str) -> None:
    for name in names:
        with (folder / name).open("rb", buffering=1 << 20) as file:
            for line in file:
                orjson.loads(line)


def copy(folder: Path, *names: str) -> None:
    """As an export is made: under a temporary name, on disk before it gets its own."""
    with written(folder / "copy", ()) as out:
        for name in names:
            with (folder / name).open("rb") as file:
                while chunk := file.read(1 << 20):
                    out.write(chunk)


def longest_wait(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds of `action`, and the longest for which it let no other thread run (5 ms are Python's own)."""
    over = threading.Event()
    waits: list[float] = []

    def watch() -> None:
        last = time.perf_counter()
        while not over.is_set():
            time.sleep(0.0005)
            now = time.perf_counter()
            waits.append(now - last)
            last = now

    thread = threading.Thread(target=watch)
    thread.start()
    # As the app does: a full collection would go through all modules.
    gc.freeze()
    start = time.perf_counter()
    action()
    seconds = time.perf_counter() - start
    over.set()
    thread.join()
    return seconds, max(waits)


def report(what: str, seconds: float, yardstick: str, reference: float, memory: float | None = None) -> None:
    grown = "" if memory is None else f"   +{memory:.0f} MB"
    print(f"{what:<44}{seconds:8.3f} s   {seconds / reference:5.2f} × {yardstick}{grown}")


def bench_lines(folder: Path, runs: int) -> None:
    counted = best(runs, lambda: subprocess.run(["wc", "-l", folder / "out"], check=True, capture_output=True))
    memory = growth(index_lines, folder)
    report("index of the output's lines", best(runs, lambda: index_lines(folder)), "wc -l", counted, memory)
    print(f"{'open and read the first 24 lines':<44}{best(runs, lambda: first_lines(folder)) * 1000:8.2f} ms")
    with index_lines(folder) as file:
        numbers = [random.randrange(file.count) for _ in range(2000)]
        times = [best(1, lambda number=number: file.line(number)) for number in numbers]  # type: ignore[misc]
        print(f"{'a jump: median, worst of 2,000':<44}{sorted(times)[1000] * 1e3:8.2f} ms  {max(times) * 1e3:.2f} ms")
        lines = [file.line(number) for number in numbers]
        for name, action in (("read_row", read_row), ("pretty", pretty), ("answer_text", answer_text)):
            seconds = best(runs, lambda action=action: [action(line) for line in lines])  # type: ignore[misc]
            print(f"{name:<44}{seconds / len(lines) * 1e6:8.0f} µs a line")


def first_lines(folder: Path) -> None:
    with LineFile(folder / "out") as file:
        for number in range(min(24, file.count)):
            read_row(file.line(number, limit=1 << 14), whole=False)


def bench_joins(folder: Path, runs: int) -> None:
    read_in = best(runs, lambda: plain_pass(folder, "in"))
    read_all = best(runs, lambda: plain_pass(folder, "in", "out", "err"))
    memory = growth(index_requests, folder)
    report("index of the requests", best(runs, lambda: index_requests(folder)), "orjson pass, in", read_in, memory)
    memory = growth(verdict, folder)
    report("verdict, index included", best(runs, lambda: verdict(folder)), "orjson pass, all", read_all, memory)
    judgement = verdict(folder)
    print(f"  {judgement.verdict.ok} ok, {judgement.verdict.failed} failed, {judgement.verdict.missing} missing")
    copied = best(runs, lambda: copy(folder, "in", "out"))
    out = folder / "made"
    seconds = best(runs, lambda: write_remainder(judgement, out, quiet, never))
    report("remainder", seconds, "orjson pass, in", read_in)
    seconds = best(runs, lambda: export_jsonl(judgement, out, None, quiet, never))
    report("export as JSON Lines", seconds, "copy of in and out", copied)
    columns = columns_of("id,status,text,tokens")
    seconds = best(runs, lambda: export_csv(judgement, out, columns, None, quiet, never))
    report("export as CSV", seconds, "orjson pass, all", read_all)
    seconds, wait = longest_wait(lambda: verdict(folder))
    print(f"{'verdict beside another thread':<44}{seconds:8.3f} s   longest wait {wait * 1000:.0f} ms")


def bench_huge_lines(size: int) -> None:
    token = {"token": " the", "logprob": -0.25, "bytes": [32, 116], "top_logprobs": [{"token": " a", "logprob": -2.5}]}
    vector = [round(random.uniform(-1, 1), 9) for _ in range(1536)]
    bodies: dict[str, object] = {
        "one answer": _answer(1, 'Some "text"\n' * (size // 15)),
        "embeddings": {"object": "list", "data": [{"embedding": vector}] * (size // 18_000)},
        "log probabilities": {"choices": [{"logprobs": {"content": [token] * (size // 110)}}]},
        "short strings": {"data": ["abc"] * (size // 7)},
    }
    for name, body in bodies.items():
        line = json.dumps({"custom_id": "a", "response": {"status_code": 200, "body": body}, "error": None}).encode()
        decoded = best(1, lambda line=line: orjson.loads(line))  # type: ignore[misc]
        seconds, wait = longest_wait(lambda line=line: read_result(line))  # type: ignore[misc]
        what = f"a line of {len(line) / 1e6:.0f} MB: {name}"
        print(f"{what:<44}{seconds:8.3f} s   {seconds / decoded:5.2f} × orjson   longest wait {wait * 1000:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=40_000)
    parser.add_argument("--answer", type=int, default=3300)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, options.requests, options.answer)
        sizes = ", ".join(f"{part} {(folder / part).stat().st_size / 1e6:.0f} MB" for part in ("in", "out", "err"))
        print(f"{options.requests:,} requests: {sizes}")
        bench_lines(folder, options.runs)
        bench_joins(folder, options.runs)
    bench_huge_lines(50_000_000)


if __name__ == "__main__":
    main()
