"""Play scenario tests beside the shipped diagrams: `python -m processes.tools.play processes/publicity/P06_….test.yaml …`

One line per scenario with its seconds; where one failed, the line, the element and what was found instead; then the
sequence flows of the process that no scenario of the file walks. Without a path all shipped test files are played.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from engine.commands import contents
from engine.scenarios.coverage import Flow, missing
from engine.scenarios.play import play
from engine.scenarios.sandbox import Workshop
from engine.scenarios.script import read_tests
from processes import office

TESTS = ".test.yaml"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main(paths: Sequence[str]) -> int:
    registry = office.registry()
    shipped = [path for folder in registry.shipped for path in sorted(folder.rglob("*")) if path.is_file()]
    files = {path.name: path.read_bytes() for path in shipped if path.name.endswith(tuple(contents.SUFFIXES))}
    chosen = [Path(path) for path in paths] or [path for path in shipped if path.name.endswith(TESTS)]
    found, _ = contents.read(files)
    failed = 0
    with Workshop(registry, found) as workshop:
        for path in chosen:
            test, problems = read_tests(path.name, path.read_bytes(), registry.scenes)
            for problem in problems:
                say(f"{path}:{problem.line} {problem.code} {problem.text}")
            failed += len(problems)
            seen: set[Flow] = set()
            for scenario in test.scenarios if test is not None else ():
                outcome = play(workshop, scenario)
                seen |= outcome.walked
                failed += not outcome.passed
                said = "" if outcome.passed else f"\n      [{outcome.element or ''}] {outcome.text}"
                say(
                    f"{'ok  ' if outcome.passed else 'FAIL'} {outcome.seconds:5.2f} s {path.name}:{outcome.line} {outcome.name}{said}"
                )
            if test is not None:
                say(f"     {path.name}: flows not walked: {', '.join(missing(found, test.process, seen)) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
