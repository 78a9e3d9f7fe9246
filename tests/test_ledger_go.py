#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Whole way of a ledger under the eyes of another verifier: tests/ledger_check.go, built on Debian's
golang.org/x/mod, reads what `habeas ledger` publishes: tiles, proofs, receipts, consistency, cosignatures; and
refuses each of them when it was changed. Keys go the other way too: Go's note signs, ours reads."""
import atexit
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

HABEAS, SOURCE = os.environ["HABEAS"], os.environ["HABEAS_SOURCE"]
GOPATH = "/usr/share/gocode"
count = failed = 0


def check(good, text, note=""):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {text}")
    if not good and note:
        print("# " + str(note).replace("\n", "\n# "))


def run(*args, **more):
    r = subprocess.run([HABEAS, *args], capture_output=True, text=True, timeout=300, **more)
    return r.returncode, r.stdout, r.stderr


def write(path, data):
    with open(path, "wb") as h:
        h.write(data)
    return path


def read(path):
    with open(path, "rb") as h:
        return h.read()


if not shutil.which("go") or not os.path.isdir(GOPATH + "/src/golang.org/x/mod/sumdb/tlog"):
    print("ok 1 # SKIP there is no Go with golang-golang-x-mod-dev\n1..1")
    sys.exit(0)

seed = int(os.environ.get("HABEAS_SEED", time.time_ns() % 10**9))
print(f"# seed {seed}")
rng = random.Random(seed)
with tempfile.TemporaryDirectory() as top:
    os.chdir(top)
    env = {**os.environ, "GOPATH": GOPATH, "GO111MODULE": "off", "GOPROXY": "off", "GOFLAGS": "", "GOCACHE": top + "/cache",
           "CGO_ENABLED": "0", "HOME": top}
    r = subprocess.run(["go", "build", "-o", top + "/checker", os.path.join(SOURCE, "tests", "ledger_check.go")], env=env,
                       capture_output=True, text=True, timeout=500)
    check(r.returncode == 0, "the checker builds", r.stderr)
    if r.returncode:
        print(f"1..{count}")
        sys.exit(1)

    def checker(*args):
        r = subprocess.run([top + "/checker", *args], capture_output=True, text=True, timeout=120)
        return r.returncode == 0, r.stdout + r.stderr

    code, out, err = run("ledger", "init", "acts", "--origin", "example.org/acts", "--json")
    key = json.loads(out)["key"]
    check(code == 0, "a ledger", err)
    names = [write(f"doc{i}", b"document %d" % i) for i in range(600)]
    os.mkdir("receipts")
    code, out, err = run("ledger", "append", "acts", *names, "--receipts", "receipts", "--json")
    answer = json.loads(out)
    check(code == 0 and len(answer["entries"]) == 600 and answer["size"] == 601, "with 600 documents", err)
    code, out, err = run("ledger", "export", "acts", "public")
    check(code == 0, "exported", err)
    good, words = checker("tiles", "public", key)
    check(good and words == "601 leaves of example.org/acts\n", "tiles and checkpoint hold, and x/mod proves from them", words)

    bad = []
    for e in rng.sample(answer["entries"], 40):
        write("p", b"")
        i = e["leaf"]["index"]
        code, out, err = run("ledger", "prove", "acts", str(i), "-o", "p", "--json")
        good, words = checker("proof", "p", key, e["leaf"]["hash"])
        if code or not good or json.loads(out)["leaf"]["hash"] != e["leaf"]["hash"]:
            bad.append(words)
        good, words = checker("proof", "p", key, ("1" if e["leaf"]["hash"][0] == "0" else "0") + e["leaf"]["hash"][1:])
        if good:
            bad.append("another leaf was taken")
        good, words = checker("receipt", e["receipts"][0], key)
        if not good or not words.startswith(f"entry {i} opened"):
            bad.append(words)
    check(not bad, "40 proofs and receipts, each with its leaf only", bad)
    bad = []
    for i in range(40):
        old, new = sorted((rng.randint(1, 601), rng.randint(1, 601)))
        code, out, err = run("ledger", "consistency", "acts", str(old), str(new), "--json")
        write("c.json", out.encode())
        good, words = checker("consistency", "c.json")
        if code or not good:
            bad.append(words + err)
        j = json.loads(out)
        if j["proof"]:
            j["proof"][0] = j["proof"][0][::-1][1:] + "="
            write("c.json", json.dumps(j).encode())
            if checker("consistency", "c.json")[0]:
                bad.append("a changed proof was taken")
    check(not bad, "40 consistency proofs", bad)

    # what was changed, both refuse
    bad = []
    files = [os.path.join(at, f) for at, _, fs in os.walk("public") for f in fs]
    for i in range(60):
        path = rng.choice(files)
        data = bytearray(read(path))
        at = rng.randrange(len(data))
        data[at] ^= 1 << rng.randrange(8)
        kept = read(path)
        write(path, bytes(data))
        if checker("tiles", "public", key)[0]:
            bad.append(f"{path} byte {at}")
        write(path, kept)
    check(not bad and checker("tiles", "public", key)[0], "60 changed bytes of what is published", bad)
    bad = []
    path = answer["entries"][300]["receipts"][0]
    kept = read(path)
    for i in range(80):
        data = bytearray(kept)
        at = rng.randrange(len(data))
        data[at] ^= 1 << rng.randrange(8)
        write("r", bytes(data))
        theirs = checker("receipt", "r", key)[0]
        ours = run("ledger", "receipt", "verify", "r", "--log", key)[0] == 0
        if theirs or ours:
            bad.append(f"byte {at}: theirs {theirs}, ours {ours}")
    check(not bad, "80 changed bytes of a receipt: neither takes one", bad)

    # a witness's cosignature, by HTTP
    code, witness_key, err = run("ledger", "keygen", "wit.example/w", "--kind", "witness", "-o", "wit.key")
    witness_key = witness_key.strip()
    write("logs", key.encode() + b"\n")
    server = subprocess.Popen([HABEAS, "ledger", "witness", "run", "seen", "--key", "wit.key", "--logs", "logs", "--listen",
                               "127.0.0.1:0", "--ready", "ready"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    atexit.register(server.kill)
    for i in range(200):
        if os.path.exists("ready"):
            break
        time.sleep(0.05)
    url = read("ready").decode().strip()
    code, out, err = run("ledger", "witness", "add", "acts", witness_key, url)
    check(code == 0, "a witness is named", err)
    code, out, err = run("ledger", "checkpoint", "acts", "--cosign", "-o", "cosigned")
    good, words = checker("cosigned", "cosigned", key, witness_key)
    check(code == 0 and good and words.startswith("cosigned at 1"), "its cosignature holds", words + err)
    run("ledger", "export", "acts", "public")
    good, words = checker("cosigned", "public/checkpoint", key, witness_key)
    check(good and checker("tiles", "public", key)[0], "and is published", words)
    data = bytearray(read("cosigned"))
    data[-8] ^= 1
    write("changed", bytes(data))
    check(not checker("cosigned", "changed", key, witness_key)[0], "a changed one does not")
    server.terminate()
    check(server.wait(20) == 0, "the witness ends when told to")

    # keys of Go's note are ours and back
    signer = os.path.join(top, "signer.go")
    write(signer, b"""package main
import ("fmt"; "os"; "strings"; "golang.org/x/mod/sumdb/note")
func main() {
	skey, _ := os.ReadFile(os.Args[1])
	s, err := note.NewSigner(strings.TrimSpace(string(skey)))
	if err != nil { fmt.Println(err); os.Exit(1) }
	n, err := note.Sign(&note.Note{Text: "acts\\n"}, s)
	fmt.Print(string(n))
}
""")
    r = subprocess.run(["go", "run", signer, "acts.key"], env=env, capture_output=True, text=True, timeout=300)
    check(r.returncode == 0 and "example.org/acts" in r.stdout, "Go's note signs with our private key", r.stdout + r.stderr)
print(f"1..{count}")
sys.exit(1 if failed else 0)
