#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""What `meson install` puts where; that a program builds against it with pkg-config and runs; that every
public header stands alone, in C and in C++."""
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD = os.environ["HABEAS_SOURCE"], os.environ["HABEAS_BUILD"]
CC = shlex.split(os.environ.get("HABEAS_CC", "cc"))
SANITIZE = os.environ.get("HABEAS_SANITIZE", "none")
CXX = shutil.which("clang++" if "clang" in CC[0] else "g++") or shutil.which("c++")
MESON = shutil.which("meson")
count = failed = 0


def check(good, text, note=""):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {text}")
    if not good and note:
        print("# " + str(note).replace("\n", "\n# "))
    return good


def skip(why):
    global count
    count += 1
    print(f"ok {count} # SKIP {why}")


def run(*args, **more):
    r = subprocess.run(args, capture_output=True, text=True, timeout=300, **more)
    return r.returncode, r.stdout, r.stderr


def finish():
    print(f"1..{count}")
    sys.exit(1 if failed else 0)


with tempfile.TemporaryDirectory() as top:
    code, out, err = run(MESON or "meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", top) if MESON else (1, "", "")
    if not MESON:
        skip("there is no meson to install with")
        finish()
    check(code == 0, "meson install --destdir", err + out)
    found = {}
    for at, _, files in os.walk(top):
        for f in files:
            found.setdefault(f, os.path.join(at, f))
    for name in ("habeas", "habeas-decode", "libhabeas.a", "habeas.pc", "habeas.h"):
        check(name in found or (name == "libhabeas.a" and "libhabeas.so" in found), f"{name} is installed", sorted(found))
    if failed:
        finish()
    prefix = os.path.dirname(os.path.dirname(found["habeas"]))
    include = os.path.join(prefix, "include")
    headers = sorted(os.listdir(os.path.join(include, "habeas")))
    check(headers == sorted(os.listdir(os.path.join(SOURCE, "include", "habeas"))), "all public headers are", headers)
    if shutil.which("scdoc"):
        pages = [f for f in found if f.endswith(".1")]
        names = run(found["habeas"], "help", "--list")[1].split("\n")[:-1]
        want = ["habeas.1"] + ["habeas-" + n.replace(" ", "-") + ".1" for n in names]
        check(sorted(pages) == sorted(want), "and a man page for each command", pages)
    else:
        skip("there is no scdoc to make man pages with")

    # Every header by itself: a C and a C++ file that include nothing else.
    bad = []
    for h in headers:
        text = f"#include <habeas/{h}>\n"
        strict = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", include]
        for std in ("c11", "gnu17"):
            code, out, err = run(*CC, *strict, f"-std={std}", "-x", "c", "-", input=text)
            if code:
                bad.append(f"{h}, {std}: {err}")
        for std in ("c++11", "c++20") if CXX else ():
            code, out, err = run(CXX, *strict, f"-std={std}", "-x", "c++", "-", input=text)
            if code:
                bad.append(f"{h}, {std}: {err}")
    check(not bad, "every public header compiles alone, in C" + (" and in C++" if CXX else ""), "\n".join(bad))
    if not CXX:
        skip("there is no C++ compiler")

    # The description for pkg-config, told where this installation lies.
    if not shutil.which("pkg-config") or not shutil.which("make"):
        skip("building the example needs pkg-config and make")
        finish()
    moved = os.path.join(top, "pc")
    os.mkdir(moved)
    with open(found["habeas.pc"], encoding="utf-8") as h:
        lines = h.read().splitlines()
    check(lines[0].startswith("prefix=") and not any(top in s or BUILD in s for s in lines),
          "habeas.pc names the place it is meant for", lines)
    with open(os.path.join(moved, "habeas.pc"), "w", encoding="utf-8") as h:
        h.write("\n".join([f"prefix={prefix}"] + lines[1:]) + "\n")
    env = {**os.environ, "PKG_CONFIG_PATH": moved, "CC": " ".join(CC)}
    code, out, err = run("pkg-config", "--modversion", "habeas", env=env)
    check(code == 0 and out.strip() == run(found["habeas"], "--version")[1].split()[-1], "its version is the program's", out + err)
    flags = "-O1 -Wall -Wextra -Werror" + ("" if SANITIZE == "none" else f" -fsanitize={SANITIZE}")
    work = os.path.join(top, "example")
    shutil.copytree(os.path.join(SOURCE, "examples"), work, ignore=shutil.ignore_patterns("enrol_and_search", "*.o"))
    code, out, err = run("make", "-C", work, f"CFLAGS={flags}", env=env)
    check(code == 0, "the example builds with make and pkg-config", out + err)
    if code == 0:
        program = shutil.copy(os.path.join(work, "enrol_and_search"), os.path.join(prefix, "bin"))
        prints = os.path.join(top, "prints")
        code, out, err = run(found["habeas"], "synth", "finger", "--out", prints, "--people", "1", "--fingers", "2", "--seed", "2")
        check(code == 0, "the installed program runs", err)
        one, two = (os.path.join(prints, f"0001-0{f}_1.png") for f in (1, 2))
        code, out, err = run(program, os.path.join(top, "gallery"), one, two, one)
        lines = out.splitlines()
        check(code == 0 and len(lines) == 3 and lines[1].endswith(os.path.basename(one)), "and the example, with the installed decoder", out + err)
finish()
