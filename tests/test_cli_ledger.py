#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""habeas ledger: the commands on real folders: good and bad input, one JSON object whatever happens, exit codes, a
byte flipped anywhere, yesterday's copy with and without anchor and witness, kill -9 in the middle of appending, two
processes at once, and the witness's HTTP."""
import atexit
import http.client
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

HABEAS = os.environ["HABEAS"]
KILLS = int(os.environ.get("HABEAS_KILLS", 30))
count = failed = 0


def check(good, text, note=""):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {text}")
    if not good and note:
        print("# " + str(note).replace("\n", "\n# "))


def run(*args):
    r = subprocess.run([HABEAS, "ledger", *args], capture_output=True, text=True, timeout=300)
    return r.returncode, r.stdout, r.stderr


def ask(*args):
    """With --json: exit code and the one object."""
    code, out, err = run(*args, "--json")
    try:
        answer = json.loads(out)
        if out.count("\n") != 1 or not isinstance(answer, dict) or (code not in (0,) and "error" not in answer and code != 7):
            answer = None
    except ValueError:
        answer = None
    if answer is None:
        check(False, f"one JSON object: {' '.join(args)}", out + err)
        answer = {}
    return code, answer, err


def write(path, data):
    with open(path, "wb") as h:
        h.write(data if isinstance(data, bytes) else data.encode())
    return path


def read(path):
    with open(path, "rb") as h:
        return h.read()


def files(top):
    return sorted(os.path.join(at, f) for at, _, fs in os.walk(top) for f in fs)


def refused(code, *args, words=""):
    """A mistake: its code, one line, nothing made."""
    before = {f: read(f) for f in files(".") if ".key" not in f}
    got, out, err = run(*args)
    after = {f: read(f) for f in files(".") if ".key" not in f}
    check(got == code and err.count("\n") == 1 and err.startswith("habeas: ") and words in err and before == after,
          f"exit {code}: {' '.join(args)}", f"{got}\n{out}{err}")
    got, answer, _ = ask(*args)
    check(got == code and answer.get("error", {}).get("code") == code, "the same as JSON", answer)


seed = int(os.environ.get("HABEAS_SEED", time.time_ns() % 10**9))
print(f"# seed {seed}")
rng = random.Random(seed)
LAW = "ab" * 32
with tempfile.TemporaryDirectory() as top:
    os.chdir(top)
    # ---- keys, init
    code, inspector, err = run("keygen", "inspectorate.example", "-o", "inspector.key")
    check(code == 0 and stat.S_IMODE(os.stat("inspector.key").st_mode) == 0o600, "an inspector's key, for its owner alone", err)
    write("inspectors", "# our inspectors\n\n" + inspector)
    kept = read("inspector.key")
    refused(2, "keygen", "inspectorate.example", "-o", "inspector.key", words="exists")
    check(read("inspector.key") == kept, "a key is never written over")
    refused(2, "keygen", "two words", "-o", "none.key")
    refused(2, "keygen", "x", "-o", "none.key", "--kind", "other")
    refused(2, "init", "acts", words="--origin")
    refused(2, "init", "acts", "--origin", "a+b")
    check(not os.path.exists("acts") and not os.path.exists("acts.key"), "and leaves nothing")
    code, answer, err = ask("init", "acts", "--origin", "example.org/acts", "--inspectors", "inspectors")
    key = answer.get("key", "")
    check(code == 0 and key.startswith("example.org/acts+") and answer["inspectors"] == 1, "a ledger", err)
    check(stat.S_IMODE(os.stat("acts.key").st_mode) == 0o600 and "PRIVATE" not in "".join(read(f).decode("latin1") for f in files("acts")),
          "its private key lies beside it, for its owner alone, and nowhere in it")
    refused(2, "init", "acts", "--origin", "example.org/acts", words="already")
    os.mkdir("full")
    write("full/x", "x")
    refused(2, "init", "full", "--origin", "example.org/full", words="not empty")

    # ---- append
    act = {"act": "enrol", "actor": "officer-17", "purpose": "custody", "ruling": "allow", "outcome": "done", "law": LAW,
           "obligations": ["notice"], "bindings": {"probe": "cd" * 32}, "persons": 2, "time": 1780000000}
    write("act.json", json.dumps(act))
    write("note.txt", "a note\n")
    os.mkdir("receipts")
    code, answer, err = ask("append", "acts", "act.json", "note.txt", "--receipts", "receipts")
    entries = answer.get("entries", [])
    check(code == 0 and [e["leaf"]["index"] for e in entries] == [1, 2] and answer["size"] == 3 and
          sorted(os.listdir("receipts")) == ["1-0.tlog-proof", "1-1.tlog-proof", "2-0.tlog-proof"], "an act and a document", err)
    code, out, err = run("append", "acts", "note.txt")
    check(code == 0 and out.startswith("note.txt: entry 3, leaf ") and "  proof " in out, "told to people", out + err)
    code, answer, err = ask("open", "acts", "1", "--key", "inspector.key")
    opened = answer.get("entries", [{}])[0]
    check(code == 0 and all(opened[k] == v for k, v in act.items()), "the inspector reads it", answer)
    code, answer, err = ask("receipt", "verify", "receipts/1-1.tlog-proof", "--log", key)
    check(code == 0 and answer["verified"] and answer["leaf"] == entries[0]["leaf"] and answer["content"]["actor"] == "officer-17",
          "so does who has the receipt", answer)
    write("log.pub", key + "\n")
    check(run("receipt", "verify", "receipts/2-0.tlog-proof", "--log", "log.pub")[0] == 0, "with the key in a file")
    run("init", "other", "--origin", "example.org/acts")
    other = read("other/config").decode().split("log ")[1].split("\n")[0]
    refused(4, "receipt", "verify", "receipts/1-0.tlog-proof", "--log", other)
    refused(2, "receipt", "verify", "receipts/1-0.tlog-proof", words="--log")
    refused(2, "receipt", "verify", "note.txt", "--log", key)
    run("keygen", "other.example", "-o", "other-inspector.key")
    refused(2, "open", "acts", "1", "--key", "other-inspector.key", words="sealed")
    refused(2, "open", "acts", "77", "--key", "inspector.key")
    refused(2, "append", "acts", "missing.txt")
    refused(2, "append", "nowhere", "note.txt", words="no such ledger")
    refused(2, "append", "acts", "note.txt", "--receipts", "nowhere")
    write("big", b"x" * 60001)
    refused(2, "append", "acts", "note.txt", "big")
    refused(2, "append", "acts", "note.txt", "--key", "other.key")
    bad = {"act": {**act, "act": 5}, "ruling": {**act, "ruling": "yes"}, "law": {**act, "law": "12"},
           "colour": {**act, "colour": "red"}, "actor": {k: v for k, v in act.items() if k != "actor"},
           "letters": {**act, "actor": "Jane Doe"}, "persons": {**act, "persons": 17}, "key": {**act, "persons": ["x"]},
           "obligations": {**act, "obligations": ["notice", "notice"]}, "time": {**act, "time": -1}}
    for name, value in bad.items():
        write("bad.json", json.dumps(value))
        refused(2, "append", "acts", "bad.json")
    write("bad.json", '{"act":"enrol","act":"view"}')
    refused(2, "append", "acts", "bad.json")
    code, answer, err = ask("append", "acts", "bad.json", "--document")
    check(code == 0, "but as a document it is logged", err)
    os.chmod("acts.key", 0o640)
    refused(2, "append", "acts", "note.txt", words="others may read")
    os.chmod("acts.key", 0o600)
    code, second, err = run("keygen", "second.example", "-o", "second.key")
    code, answer, err = ask("inspector", "add", "acts", second.strip())
    check(code == 0 and answer["inspectors"] == 2, "a second inspector", err)
    run("append", "acts", "act.json")
    last = answer["entry"] + 1
    check(run("open", "acts", str(last), "--key", "second.key")[0] == 0 and run("open", "acts", "1", "--key", "second.key")[0] == 2,
          "who reads from then on")
    code, person, err = run("keygen", "person", "-o", "person.key")
    write("with.json", json.dumps({**act, "persons": [None, person.strip()]}))
    check(run("append", "acts", "with.json")[0] == 0, "a person with a key")

    # ---- checkpoint, prove, consistency, export
    code, out, err = run("checkpoint", "acts")
    write("anchor", out)
    check(code == 0 and out.split("\n")[0] == "example.org/acts", "a checkpoint")
    size = int(out.split("\n")[1])
    code, answer, err = ask("prove", "acts", "2")
    check(code == 0 and answer["leaf"] == entries[1]["leaf"] and answer["tlog_proof"].startswith("c2sp.org/tlog-proof@v1\nindex 2\n"), "a proof")
    refused(2, "prove", "acts", str(size))
    refused(2, "prove", "acts", "x")
    code, answer, err = ask("consistency", "acts", "2", "anchor")
    check(code == 0 and answer["old"]["size"] == 2 and answer["new"]["size"] == size, "consistency of a size and a checkpoint")
    refused(2, "consistency", "acts", "5", "4")
    refused(2, "consistency", "acts", "5", "5000")
    code, out, err = run("export", "acts", "public")
    check(code == 0 and [f for f in files("public")] == ["public/checkpoint", f"public/tile/0/000.p/{size}"], "what is exported", files("public"))

    # ---- verify, and a byte flipped anywhere
    names = [write(f"d{i}", b"%d" % i) for i in range(300)]
    check(run("append", "acts", *names)[0] == 0, "300 more")
    code, answer, err = ask("verify", "acts")
    check(code == 0 and answer["verified"] and answer["rollback"] == "unchecked" and answer["size"] == size + 300 and not answer["problems"],
          "it verifies; a rollback is unchecked", answer)
    code, answer, err = ask("verify", "acts", "--anchor", "anchor", "--log", key)
    check(code == 0 and answer["rollback"] == "none" and answer["anchored_size"] == size and answer["key"] == "given", "with an anchor it is checked")
    check(ask("verify", "acts", "--anchor", "receipts/1-0.tlog-proof")[1].get("rollback") == "none", "a receipt is an anchor too")
    check(ask("verify", "acts", "--log", other)[0] == 4, "another key is told")
    sizes = {f: os.path.getsize(f) for f in files("acts")}
    missed = []
    for i in range(80):
        at = rng.randrange(sum(sizes.values()))
        for f, n in sizes.items():
            if at < n:
                break
            at -= n
        kept = bytearray(read(f))
        changed = bytearray(kept)
        changed[at] ^= rng.randrange(1, 256)
        write(f, bytes(changed))
        code, answer, err = ask("verify", "acts")
        if code != 4 or not any(p["where"].startswith(f[5:]) for p in answer.get("problems", [])):
            missed.append(f"{f} byte {at}: {code} {answer.get('problems')}")
        write(f, bytes(kept))
    check(not missed and run("verify", "acts")[0] == 0, "80 flipped bytes, each told with its file", missed)
    write("acts/extra", "x")
    code, answer, err = ask("verify", "acts")
    check(code == 4 and answer["problems"][0]["where"] == "extra", "a file that does not belong is told")
    os.remove("acts/extra")
    os.symlink("/etc/hostname", "acts/tile/0/077")
    check(ask("verify", "acts")[0] == 4, "so is a link")
    os.remove("acts/tile/0/077")

    # ---- yesterday's copy
    shutil.copytree("acts", "yesterday")
    run("append", "acts", "note.txt")
    run("checkpoint", "acts", "-o", "today")
    shutil.rmtree("acts")
    shutil.copytree("yesterday", "acts")
    code, answer, err = ask("verify", "acts")
    check(code == 0 and answer["rollback"] == "unchecked", "yesterday's copy alone verifies, and the answer says what it does not know")
    code, answer, err = ask("verify", "acts", "--anchor", "today")
    check(code == 4 and answer["problems"][0]["where"] == "anchor", "with an anchor it does not", answer)
    refused(4, "consistency", "acts", "2", "today", words="put back")

    # ---- a witness
    code, witness, err = run("keygen", "wit.example/w", "--kind", "witness", "-o", "wit.key")
    write("logs", key + "\n")
    refused(2, "witness", "run", "seen", "--key", "acts.key", "--logs", "logs", words="not a witness")
    refused(2, "witness", "run", "seen", "--key", "wit.key", "--logs", "logs", "--listen", "nowhere")

    def serve():
        if os.path.exists("ready"):
            os.remove("ready")
        p = subprocess.Popen([HABEAS, "ledger", "witness", "run", "seen", "--key", "wit.key", "--logs", "logs", "--listen",
                              "127.0.0.1:0", "--ready", "ready"], stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        atexit.register(p.kill)
        for _ in range(400):
            if os.path.exists("ready"):
                break
            time.sleep(0.025)
        return p, read("ready").decode().strip()

    server, url = serve()
    code, out, err = run("witness", "run", "seen", "--key", "wit.key", "--logs", "logs", "--listen", "127.0.0.1:0")
    check(code == 5, "one witness on a folder", out + err)
    refused(2, "witness", "add", "acts", inspector.strip(), url, words="not a witness")
    refused(2, "witness", "add", "acts", witness.strip(), "ftp://x/")
    code, answer, err = ask("witness", "add", "acts", witness.strip(), url)
    check(code == 0 and answer["witnesses"][0]["cosigned"], "is named, and cosigns", answer)
    code, answer, err = ask("append", "acts", "note.txt")
    check(code == 0 and answer["witnesses"][0]["cosigned"], "and after each append", err)
    code, answer, err = ask("verify", "acts")
    check(code == 0 and answer["rollback"] == "none" and answer["witnessed_size"] == answer["size"], "verify asks it", answer)
    code, answer, err = ask("checkpoint", "acts", "--cosign")
    check(code == 0 and "wit.example/w" in answer["checkpoint"], "its line stands in the checkpoint")
    write("wit.pub", witness)
    code, told, err = ask("receipt", "verify", "receipts/1-0.tlog-proof", "--log", key, "--witnesses", "wit.pub")
    check(code == 7 and told["verified"] and told["witnesses"][0]["time"] == 0, "an old receipt is not witnessed", told)
    code, told, err = ask("receipt", "renew", "acts", "receipts/1-0.tlog-proof", "-o", "renewed")
    check(code == 0 and told["witnesses"] == 1 and told["leaf"]["index"] == 1, "it can be renewed", told)
    code, told, err = ask("receipt", "verify", "renewed", "--log", key, "--witnesses", "wit.pub")
    check(code == 0 and told["witnesses"][0]["time"] > 1700000000 and told["content"]["act"] == "enrol", "and is witnessed then", told)
    refused(4, "receipt", "renew", "other", "receipts/1-0.tlog-proof")
    host = url.split("//")[1].strip("/")

    def post(path, body, method="POST"):
        c = http.client.HTTPConnection(host, timeout=20)
        c.request(method, path, body.encode() if isinstance(body, str) else body)
        r = c.getresponse()
        return r.status, r.read(), r.headers.get("Content-Type")

    note = run("checkpoint", "acts")[1].split("\n\n")[0] + "\n\n" + answer["checkpoint"].split("\n\n")[1].split("\n")[0] + "\n"
    n = int(note.split("\n")[1])
    status, body, kind = post("/add-checkpoint", "old 0\n\n" + note)
    check(status == 409 and body == b"%d\n" % n and kind == "text/x.tlog.size", "409 tells the size", (status, body, kind))
    status, body, kind = post("/add-checkpoint", f"old {n}\n\n" + note)
    check(status == 200 and body.startswith("\u2014 wit.example/w ".encode()) and body.endswith(b"\n"), "200 is a signature line", body)
    check(post("/add-checkpoint", f"old {n}\n\n" + note.replace("example.org/acts", "example.org/none", 1))[0] == 404, "404 for an unknown log")
    check(post("/add-checkpoint", "nonsense")[0] == 400 and post("/add-checkpoint", "x" * 200000)[0] == 413, "400 for nonsense, 413 for too much")
    check(post("/add-checkpoint", None, "GET")[0] == 405 and post("/else", "")[0] == 404 and post("/" + "0" * 64 + "/checkpoint", None, "GET")[0] == 404,
          "nothing else is there")
    sign = note.rstrip("\n").rsplit(" ", 1)
    check(post("/add-checkpoint", f"old {n}\n\n" + sign[0] + " " + sign[1][:20] + ("A" if sign[1][20] != "A" else "B") + sign[1][21:] + "\n")[0] == 403,
          "403 for a signature that does not hold")
    # rollback and fork: yesterday's copy and another way on
    shutil.rmtree("yesterday")
    shutil.copytree("acts", "yesterday")
    run("append", "acts", "note.txt", "act.json")
    shutil.rmtree("acts")
    shutil.copytree("yesterday", "acts")
    code, answer, err = ask("verify", "acts")
    check(code == 4 and answer["problems"][0]["where"] == "wit.example/w", "yesterday's copy: verify hears it from the witness", answer)
    code, answer, err = ask("verify", "acts", "--offline")
    check(code == 0 and answer["rollback"] == "unchecked", "without it the answer does not pretend")
    code, answer, err = ask("checkpoint", "acts", "--cosign")
    check(code == 4 and "put back" in answer["error"]["what"] + answer["error"]["do"], "the witness does not cosign a rollback", answer)
    code, out, err = run("append", "acts", *names[:5])
    check(code == 4, "nor a fork that has grown beyond it", out + err)
    check(ask("verify", "acts", "--offline")[0] == 0, "though the fork verifies alone")
    # a restart forgets nothing
    server.send_signal(signal.SIGKILL)
    server.wait()
    server, url = serve()
    host = url.split("//")[1].strip("/")
    check(post("/add-checkpoint", "old 0\n\n" + note)[0] == 409, "killed and started again it knows what it saw")
    server.terminate()
    out = server.communicate(timeout=20)[0]
    check(server.returncode == 0 and "refused" in out, "ends when told to", out)
    code, answer, err = ask("verify", "acts")
    check(code == 0 and answer["rollback"] == "unchecked" and "warning" in err, "a witness that is away leaves it unchecked", answer)

    # ---- two processes
    run("init", "busy", "--origin", "example.org/busy")
    writers = [subprocess.Popen([HABEAS, "ledger", "append", "busy", *names[i * 40:i * 40 + 40], "--wait", "60"], stdout=subprocess.PIPE,
                                text=True) for i in range(4)]
    outs = [w.communicate(timeout=300)[0] for w in writers]
    code, answer, err = ask("verify", "busy")
    check(all(w.returncode == 0 for w in writers) and answer.get("size") == 161, "four processes take turns", answer)

    # ---- kill -9
    run("init", "killed", "--origin", "example.org/killed")
    acked, kills, wrong = {}, 0, []
    for k in range(KILLS):
        p = subprocess.Popen([HABEAS, "ledger", "append", "killed", *names[:200]], stdout=subprocess.PIPE, text=True)
        lines = rng.randrange(0, 60)
        told = []
        while len(told) < lines:
            line = p.stdout.readline()
            if not line:
                break
            told.append(line)
        time.sleep(rng.random() * 0.01)
        p.send_signal(signal.SIGKILL)
        told += p.stdout.read().split("\n")
        kills += p.wait() == -signal.SIGKILL
        for line in told:
            if ": entry " in line and len(line.strip().split(" leaf ")[-1]) == 64:
                i, leaf = line.split(": entry ")[1].split(", leaf ")
                if acked.setdefault(int(i), leaf.strip()) != leaf.strip():
                    wrong.append(f"entry {i} was given twice")
        code, answer, err = ask("verify", "killed", "--offline")
        if code:
            wrong.append(f"kill {k}: verify {code} {answer.get('problems')}")
        if acked and ask("prove", "killed", str(max(acked)))[1].get("leaf", {}).get("hash") != acked[max(acked)]:
            wrong.append(f"kill {k}: entry {max(acked)} cannot be proved before anybody mends")
    code, out, err = run("append", "killed", "note.txt")
    if code:
        wrong.append(err)
    size = ask("verify", "killed")[1].get("size", 0)
    run("keygen", "i", "-o", "i.key")
    sample = rng.sample(sorted(acked), min(60, len(acked)))
    for i in sample + [max(acked)]:
        if ask("prove", "killed", str(i))[1].get("leaf", {}).get("hash") != acked[i]:
            wrong.append(f"entry {i} is not what was acknowledged")
    check(not wrong and size > max(acked), f"{kills} kills -9, {len(acked)} acknowledged, {size} there: verifies each time, none is missing", wrong)
print(f"1..{count}")
sys.exit(1 if failed else 0)
