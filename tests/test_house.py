#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""The house's rules that a machine can check: how files open, what they may not call or hold, that
every command has its help and its man page, every room and decision its page, every public header its
places, every fuzz target its row, and every link in a page something behind it."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.environ.get("HABEAS_SOURCE", os.path.join(os.path.dirname(__file__), "..")))
HABEAS = os.environ.get("HABEAS")
LONGEST = 1000  # lines of a file in src and cmd
# Put together here, so that this file does not hold what it looks for.
BANNED_CALLS = re.compile(r"\b(" + "|".join(("strcpy", "strcat", "sprintf", "vsprintf", "gets", "strtok",
                                             "atoi", "atol", "atof")) + r")\s*\(")
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")
PLACES = re.compile("|".join(re.escape(p) for p in (
    "/wo" + "rk/", "/ro" + "ot/", "deb.debian" + ".org", "registry.npmjs" + ".org", "pypi" + ".org",
    "files.pythonhosted" + ".org", "proxy.golang" + ".org")))
count = failed = 0


def check(good, text, notes=()):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {text}")
    for note in () if good else notes:
        print("# " + str(note).replace("\n", "\n# "))


def none(bad, text):
    check(not bad, text, bad)


def skip(why):
    global count
    count += 1
    print(f"ok {count} # SKIP {why}")


def tracked():
    """What git tracks; without git (a tarball) everything that is not built or made by a test."""
    r = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True)
    if r.returncode == 0 and r.stdout:
        names = r.stdout.decode().split("\0")
    else:
        names = []
        for at, folders, files in os.walk(ROOT):
            here = os.path.relpath(at, ROOT)
            folders[:] = [f for f in folders if f not in (".git", "__pycache__") and
                          not (here == "." and (f.startswith("build") or f == "demo"))]
            names += [os.path.normpath(os.path.join(here, f)) for f in files]
    return sorted(n for n in names if n and os.path.isfile(os.path.join(ROOT, n)))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as h:
        return h.read()


def habeas(*args):
    return subprocess.run([HABEAS, *args], capture_output=True, text=True, timeout=60)


FILES = tracked()
C = [f for f in FILES if f.endswith((".c", ".h"))]
CODE = [f for f in FILES if f.endswith((".c", ".h", ".py", ".sh", ".go", "meson.build", "meson_options.txt"))
        or f in ("check", "up", ".ci/run", "examples/Makefile")]
check(len(C) > 50 and "check" in FILES, f"{len(FILES)} files are seen, {len(C)} of C")


# ---- How files open ----
def opening(text):
    """The comments before the first line of code, as plain words."""
    m = re.match(r"(\s*/\*.*?\*/)+", text, re.S)
    return re.sub(r"\s*\*?\n\s*\*? ?", " ", m.group(0)) if m else ""


bad = [f for f in CODE if "SPDX-License-Identifier: MPL-2.0" not in "".join(read(f).splitlines(True)[:2])]
none(bad, "every file of code opens with its licence")
bad = []
for f in C:
    words = opening(read(f))
    part = f.split("/")
    base = part[-1]
    if len(words.replace("SPDX-License-Identifier: MPL-2.0", "")) < 30:
        bad.append(f"{f}: what is it for?")
    elif part[0] == "src" and "Made by" not in words and not re.search(rf"\bRoom {part[1]}\b", words):
        bad.append(f"{f}: does not say 'Room {part[1]}'")
    elif part[0] == "include" and f"habeas/{base}: " not in words:
        bad.append(f"{f}: does not say 'habeas/{base}: '")
    elif part[0] == "tests" and base.startswith("test_") and not re.search(r"\b([Rr]ooms? \w|The |Whole)", words):
        bad.append(f"{f}: does not name its room")
none(bad, "every C file says what it is for, and names its room")
none([f"{f}: {len(read(f).splitlines())} lines" for f in C
      if f.startswith(("src/", "cmd/")) and len(read(f).splitlines()) > LONGEST],
     f"no file of src and cmd has more than {LONGEST} lines")


# ---- What files may not hold ----
def lines_with(pattern, names):
    return [f"{f}:{i}: {line.strip()[:100]}" for f in names for i, line in enumerate(read(f).splitlines(), 1)
            if pattern.search(line)]


TEXT = [f for f in FILES if not f.startswith("fuzz/corpus/")]
none(lines_with(BANNED_CALLS, C), "no call without a bound: " + BANNED_CALLS.pattern[3:-6].replace("|", " "))
none(lines_with(UNFINISHED, [f for f in TEXT if f != "LICENSE"]), "nothing is marked unfinished")
none(lines_with(PLACES, TEXT), "no machine's paths and no package registries")
none([f for f in CODE if re.search(r"[ \t]+$", read(f), re.M)], "no blanks at the ends of lines of code")

# ---- Public headers ----
headers = sorted(f for f in FILES if re.match(r"include/habeas/\w+\.h$", f))
installed = read("include/meson.build")
everything = read("include/habeas/habeas.h")
none([f for f in headers if f"'{f[len('include/'):]}'" not in installed], "every public header is installed")
none([f for f in headers if f != "include/habeas/habeas.h" and
      f'#include "{f[len("include/"):]}"' not in everything], "habeas.h includes every public header")
none([f for f in headers if 'extern "C"' not in read(f) and f != "include/habeas/habeas.h"],
     "every public header can be used from C++")

if shutil.which("doxygen"):
    with tempfile.TemporaryDirectory() as top, open(os.path.join(ROOT, "docs", "Doxyfile"), encoding="utf-8") as h:
        r = subprocess.run(["doxygen", "-"], input=h.read() + f"\nOUTPUT_DIRECTORY = {top}\n", cwd=ROOT, text=True,
                           capture_output=True, timeout=300)
        none([] if r.returncode == 0 and not r.stderr else [r.stderr], "doxygen has no complaints about the headers")
else:
    skip("there is no doxygen")

# ---- Pages ----
rooms = sorted({f.split("/")[1] for f in FILES if f.startswith("src/") and f.count("/") > 1})
none([r for r in rooms if f"docs/rooms/{r}.md" not in FILES], f"every room has its page: {' '.join(rooms)}")
for folder in ("docs/rooms", "docs/decisions", "docs/guide", "docs/formats"):
    pages = [f for f in FILES if re.match(folder + r"/[^/]+\.md$", f) and not f.endswith("README.md")]
    if pages:
        index = read(folder + "/README.md") if folder + "/README.md" in FILES else ""
        none([f for f in pages if f"({os.path.basename(f)})" not in index], f"{folder}/README.md lists its pages")
bad = []
for f in FILES:
    if not f.endswith(".md"):
        continue
    for to in re.findall(r"\]\(([^)\s]+)\)", read(f)):
        if re.match(r"[a-z]+:", to) or to.startswith("#"):
            continue
        if not os.path.exists(os.path.join(ROOT, os.path.dirname(f), to.split("#")[0])):
            bad.append(f"{f}: {to}")
none(bad, "every link within the pages leads somewhere")
PATH = re.compile(r"(?:docs|src|include|tests|fuzz|bench|examples|cmd|scripts)/[\w./-]*\w\.[a-z]{1,5}$")
# A name with a word in capitals stands for many files.
none([f"{f}: {p}" for f in FILES if f.endswith(".md") for p in re.findall(r"`([^`\s]+)`", read(f))
      if PATH.match(p) and not re.search(r"NAME|ROOM|VERB", p) and not os.path.exists(os.path.join(ROOT, p))],
     "every file that the pages name is there")
none([f"{f}:{i}: {line}" for f in FILES if f.endswith(".md") for i, line in enumerate(read(f).splitlines(), 1)
      if re.fullmatch(r"[A-Z]{3,}", line.strip())], "no page waits for a table")
rows = read("docs/fuzz.md")
targets = [os.path.basename(f)[5:-2] for f in FILES if re.match(r"fuzz/fuzz_\w+\.c$", f)]
none([t for t in targets if not re.search(rf"^\| `?(fuzz_)?{t}`? ", rows, re.M)], "docs/fuzz.md has a row for every target")
none([t for t in targets if len(re.findall(rf"^\| `?(?:fuzz_)?{t}`? \|.*\| \d+ \| [^|]*[^| ] \|$", rows, re.M)) != 1 or
      len(re.findall(rf"^\| `?(?:fuzz_)?{t}`? \|", rows, re.M)) != 1], "one row each, with the seconds and the commit")
none([t for t in targets if not any(f.startswith(f"fuzz/corpus/{t}/") for f in FILES)], "every fuzz target has a corpus")
none([t for t in targets if f"['{t}']" not in read("fuzz/meson.build")], "every fuzz target is built and replayed")

# ---- The two commands of the README ----
for words in (["check", "--quick"], ["up", "0"], ["up", "1", "11"], ["up", "1", "1", "1"], ["up", "08"]):
    r = subprocess.run(["bash", *words], cwd=ROOT, capture_output=True, text=True, timeout=60)
    check(r.returncode == 2 and not r.stdout and r.stderr.startswith("usage: ./" + words[0]) and r.stderr.count("\n") == 1,
          "./" + " ".join(words) + " is refused in a line", [r.returncode, r.stdout, r.stderr])
none([f for f in ("check", "up", ".ci/run") if not os.access(os.path.join(ROOT, f), os.X_OK)], "they can be run")

# ---- Commands ----
if not HABEAS:
    skip("HABEAS does not name the program")
else:
    names = habeas("help", "--list").stdout.split("\n")[:-1]
    listed = re.findall(r"^CMD\((\w+)\)", read("cmd/habeas/commands.h"), re.M)
    check(sorted(n.replace(" ", "_") for n in names) == sorted(listed) and names, f"{len(names)} commands", names)
    none([n for n in listed if sum(f"\nconst struct cmd cmd_{n} = " in read(f) for f in FILES if
                                   re.match(rf"cmd/habeas/{n.split('_')[0]}_\w+\.c$", f)) != 1],
         "each is defined once, in a file of its group")
    scdoc, man = shutil.which("scdoc"), shutil.which("man")
    options_of = {}
    for name in names:
        r = habeas(*name.split(), "--help")
        bad = []
        if r.returncode or r.stderr:
            bad.append(f"--help answers {r.returncode} {r.stderr}")
        parts = r.stdout.partition("\noptions\n")
        options, _, example = parts[2].partition("\nexample\n")
        known = set(re.findall(r"--[a-z0-9][\w-]*", options)) | set(re.findall(r"(?<![\w-])-[a-z]\b", options))
        if not re.search(rf"^\s+habeas {name}( |$)", example, re.M):
            bad.append("no example")
        for line in example.splitlines():
            if line.strip().startswith(f"habeas {name}"):
                bad += [f"the example has {o}" for o in re.findall(r"(?<=\s)(--?[a-z][\w-]*)", line) if o not in known]
        for line in options.splitlines():
            if re.match(r"\s+-\S.*\S$", line) and not re.search(r"\s\S.*\s+\S", line.strip()):
                bad.append(f"no words for {line.strip()}")
        none(bad, f"habeas {name} --help")
        options_of[name] = known
    pages = [("", [])] + [(n, n.split()) for n in names]
    with tempfile.TemporaryDirectory() as top:
        for name, words in pages:
            title = "habeas" + "".join("-" + w for w in words)
            r = habeas("help", "--man", *words)
            bad = [s for s in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS") if f"\n# {s}\n" not in r.stdout]
            if r.returncode or not r.stdout.startswith(f"{title}(1)\n"):
                bad.append(f"help --man answers {r.returncode} {r.stdout[:40]!r}")
            if scdoc and not bad:
                s = subprocess.run([scdoc], input=r.stdout, capture_output=True, text=True, timeout=60)
                if s.returncode or s.stderr:
                    bad.append("scdoc: " + s.stderr.strip())
                elif man:
                    path = os.path.join(top, title + ".1")
                    with open(path, "w", encoding="utf-8") as h:
                        h.write(s.stdout)
                    m = subprocess.run([man, "--warnings", "-E", "UTF-8", "-P", "cat", "-l", path], capture_output=True,
                                       text=True, timeout=60, env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
                    if m.returncode or m.stderr:
                        bad.append("man: " + m.stderr.strip())
                    shown = re.sub(r".\x08", "", m.stdout)
                    bad += [f"the page lacks {o}" for o in sorted(options_of.get(name, ())) if o not in shown]
            none(bad, f"man page of {title}")
    if not scdoc or not man:
        skip("rendering man pages needs " + " and ".join(n for n, p in (("scdoc", scdoc), ("man", man)) if not p))
print(f"1..{count}")
sys.exit(1 if failed else 0)
