"""Reads what llvm-cov exported for each database and says which public functions of the store were entered."""

import json
import pathlib
import re
import sys

DATABASES = ("sqlite", "postgres")
PUBLIC = re.compile(r"^\s*pub (?:const )?(?:async )?fn (\w+)")
# Lines from a function's name to its body at most.
SIGNATURE_LINES_MAX = 12
# Support of the tests themselves, not the store.
APART = "crates/store/src/testing"


def public_functions():
    """Every public function of the store, as (file, line, name), up to the file's own tests."""
    for path in sorted(pathlib.Path("crates/store/src").rglob("*.rs")):
        if str(path).startswith(APART):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.startswith("#[cfg(test)]"):
                break
            found = PUBLIC.match(line)
            if found:
                yield str(path), number, found[1]


def counters(export):
    """The functions with their counters, by file: (first line, mangled name, times entered)."""
    found = {}
    for function in json.loads(export.read_text())["data"][0]["functions"]:
        path = function["filenames"][0]
        path = path[path.find("crates/store/src"):]
        first = min(region[0] for region in function["regions"])
        found.setdefault(path, []).append((first, function["name"], function["count"]))
    return found


def is_reached(entries, line, name):
    """Whether the function that begins there was entered; if it is async, its body too, which the compiler makes a
    closure of its own. Closures within it may stay unused; of generic copies one suffices."""
    kinds = {}
    for first, mangled, count in entries:
        if f"{len(name)}{name}" in mangled and line <= first <= line + SIGNATURE_LINES_MAX and "NCNC" not in mangled:
            kind = "NCNv" in mangled
            kinds[kind] = max(kinds.get(kind, 0), count)
    return bool(kinds) and all(kinds.values())


def main(directory):
    missing = 0
    functions = list(public_functions())
    for database in DATABASES:
        found = counters(pathlib.Path(directory) / f"{database}.json")
        reached = 0
        for path, line, name in functions:
            if is_reached(found.get(path, []), line, name):
                reached += 1
            else:
                print(f"{database}: {path}:{line} {name} is not reached")
                missing += 1
        percent = 100 * reached / len(functions)
        print(f"{database}: {reached} of {len(functions)} public functions of the store reached ({percent:.1f} %)")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main(sys.argv[1])
