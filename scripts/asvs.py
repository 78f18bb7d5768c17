#!/usr/bin/env python3
"""Prints which test shows which requirement of OWASP ASVS 5.0 (chapters 6, 7, 9, 10) into docs/asvs.md.

A test shows a requirement by carrying its id in its name: `asvs_6_2_1_…`, or `asvs_6_2_1_6_2_9_…` for two; in browser tests
`asvs 6.2.7` in the title. `--check` writes nothing and fails if docs/asvs.md is not what this would write.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "docs/asvs/requirements.tsv"
REPORT = ROOT / "docs/asvs.md"
CHAPTERS = {"6": "Authentication (V6)", "7": "Session management (V7)", "9": "Self-contained tokens (V9)", "10": "OAuth and OIDC (V10)"}
FOLDERS = ["app/src", "crates", "server/src", "server/tests", "end2end/tests"]


def requirements():
    rows = []
    for line in REQUIREMENTS.read_text().splitlines():
        if line.startswith("#"):
            continue
        number, level, gist, why = line.split("\t")
        rows.append((number, level, gist, why))
    return rows


def tests():
    """Each test that names requirements: (ids, name, file)."""
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in (".rs", ".ts") or "node_modules" in path.parts:
                continue
            text = path.read_text()
            where = path.relative_to(ROOT).as_posix()
            if path.suffix == ".rs":
                for name in re.findall(r"\bfn (asvs_\w+)", text) + re.findall(r"^\s+(asvs_\w+),?$", text, re.M):
                    ids = re.match(r"asvs((?:_\d+_\d+_\d+)+)", name)
                    if ids:
                        numbers = re.findall(r"\d+", ids.group(1))
                        ids = [".".join(numbers[i : i + 3]) for i in range(0, len(numbers), 3)]
                        found.append((ids, name, where))
            else:
                for title in re.findall(r"\btest\(\s*[\"'`]([^\"'`]*\basvs [^\"'`]*)", text):
                    ids = re.findall(r"\d+\.\d+\.\d+", title.split("asvs ", 1)[1])
                    found.append((ids, title, where))
    return sorted(set((tuple(ids), name, where) for ids, name, where in found))


def report():
    rows, shown = requirements(), tests()
    known = {row[0] for row in rows}
    unknown = [(ids, where) for ids, _, where in shown for number in ids if number.split(".")[0] in CHAPTERS and number not in known]
    if unknown:
        sys.exit(f"docs/asvs/requirements.tsv does not know what these tests name: {unknown}")
    by_id = {}
    for ids, name, where in shown:
        for number in ids:
            by_id.setdefault(number, []).append(f"`{name}` ({where})")
    lines = [
        "# OWASP ASVS 5.0: what shows that it is so",
        "",
        "Made by `scripts/asvs.py` from the names of tests; `make lint` fails when it is out of date. What each requirement says is",
        "in our words: [docs/asvs/requirements.tsv](asvs/requirements.tsv).",
        "",
    ]
    total = {"shown": 0, "not": 0, "open": 0}
    body = []
    for chapter, title in CHAPTERS.items():
        body += ["", f"## {title}", "", "| id | level | what must be so | what shows it |", "|---|---|---|---|"]
        for number, level, gist, why in rows:
            if number.split(".")[0] != chapter:
                continue
            if number in by_id:
                what = "<br>".join(by_id[number])
                total["shown"] += 1
            elif why:
                what = why
                total["not"] += 1
            else:
                what = "**nothing yet**"
                total["open"] += 1
            body.append(f"| {number} | {level} | {gist} | {what} |")
    lines.append(
        f"{len(rows)} requirements: {total['shown']} shown by a test, {total['not']} do not apply or wait for what they are about, "
        f"{total['open']} shown by nothing yet."
    )
    return "\n".join(lines + body) + "\n"


def main():
    text = report()
    if "--check" in sys.argv[1:]:
        if not REPORT.exists() or REPORT.read_text() != text:
            sys.exit("docs/asvs.md is out of date: run scripts/asvs.py")
        return
    REPORT.write_text(text)
    print(next(line for line in text.splitlines() if "requirements:" in line))


main()
