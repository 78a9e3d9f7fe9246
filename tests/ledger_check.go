// SPDX-License-Identifier: MPL-2.0

// A verifier that shares nothing with the C of this repository: it reads a published ledger (checkpoint and
// tiles), proofs, receipts and cosignatures by the C2SP texts, with golang.org/x/mod's note and tlog for
// signatures and tree hashing. Run by tests/test_ledger_go.py.
//
//	ledger_check tiles FOLDER VKEY              recompute the tree from the hash tiles
//	ledger_check proof FILE VKEY LEAFHEX        a tlog-proof of a leaf hash
//	ledger_check receipt FILE VKEY              a receipt, opened
//	ledger_check consistency FILE               JSON of `habeas ledger consistency`
//	ledger_check cosigned FILE VKEY WITNESSKEY  a checkpoint with a cosignature/v1
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func die(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "ledger_check: "+format+"\n", args...)
	os.Exit(1)
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		die("%v", err)
	}
	return data
}

type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
	text   string
}

func hash(line string) tlog.Hash {
	raw, err := base64.StdEncoding.Strict().DecodeString(line)
	if err != nil || len(raw) != 32 {
		die("not a hash: %q", line)
	}
	var h tlog.Hash
	copy(h[:], raw)
	return h
}

// tlog-checkpoint, opened with x/mod's note.
func open(data []byte, vkey string) checkpoint {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		die("key: %v", err)
	}
	n, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		die("checkpoint: %v", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		die("checkpoint: too few lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		die("checkpoint: size %q", lines[1])
	}
	if lines[0] != verifier.Name() {
		die("checkpoint: origin %q is not %q", lines[0], verifier.Name())
	}
	return checkpoint{lines[0], size, hash(lines[2]), n.Text}
}

// tlog-tiles: three digits at a time, all but the last with an x.
func tilePath(level int, index int64, width int64) string {
	path := fmt.Sprintf("%03d", index%1000)
	for index /= 1000; index > 0; index /= 1000 {
		path = fmt.Sprintf("x%03d/%s", index%1000, path)
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return fmt.Sprintf("tile/%d/%s", level, path)
}

// MTH over the hashes of complete subtrees or leaves.
func root(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	k := 1
	for k*2 < len(hashes) {
		k *= 2
	}
	return tlog.NodeHash(root(hashes[:k]), root(hashes[k:]))
}

func level(folder string, l int, count int64) []tlog.Hash {
	var all []tlog.Hash
	for i := int64(0); i*256 < count; i++ {
		width := count - i*256
		if width > 256 {
			width = 256
		}
		data := read(filepath.Join(folder, tilePath(l, i, width)))
		if int64(len(data)) != 32*width {
			die("%s has %d bytes", tilePath(l, i, width), len(data))
		}
		for at := 0; at < len(data); at += 32 {
			var h tlog.Hash
			copy(h[:], data[at:])
			all = append(all, h)
		}
	}
	return all
}

func tiles(folder, vkey string) {
	c := open(read(filepath.Join(folder, "checkpoint")), vkey)
	leaves := level(folder, 0, c.size)
	if root(leaves) != c.root {
		die("the root of the %d leaves is not the checkpoint's", c.size)
	}
	below := leaves
	for l := 1; c.size>>(8*uint(l)) > 0; l++ {
		count := c.size >> (8 * uint(l))
		here := level(folder, l, count)
		for i := range here {
			if here[i] != root(below[i*256:(i+1)*256]) {
				die("level %d, hash %d is not the root of its tile", l, i)
			}
		}
		below = here
	}
	// x/mod's own proofs, from hashes stored in its order, over the same leaves
	var stored []tlog.Hash
	for i, leaf := range leaves {
		hashes, err := tlog.StoredHashesForRecordHash(int64(i), leaf, tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(at))
			for k, x := range at {
				out[k] = stored[x]
			}
			return out, nil
		}))
		if err != nil {
			die("%v", err)
		}
		stored = append(stored, hashes...)
	}
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for k, x := range at {
			out[k] = stored[x]
		}
		return out, nil
	})
	tree, err := tlog.TreeHash(c.size, reader)
	if err != nil || tree != c.root {
		die("x/mod computes another root")
	}
	for i := int64(0); i < c.size; i += 1 + c.size/50 {
		p, err := tlog.ProveRecord(c.size, i, reader)
		if err != nil || tlog.CheckRecord(p, c.size, c.root, i, leaves[i]) != nil {
			die("x/mod cannot prove leaf %d", i)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "tile", "entries")); err == nil {
		die("entries are published")
	}
	fmt.Printf("%d leaves of %s\n", c.size, c.origin)
}

type proofFile struct {
	index int64
	extra []byte
	path  tlog.RecordProof
	note  []byte
}

// tlog-proof.
func parseProof(data []byte) proofFile {
	var p proofFile
	split := bytes.Index(data, []byte("\n\n"))
	if split < 0 {
		die("proof: no empty line")
	}
	p.note = data[split+2:]
	lines := strings.Split(string(data[:split]), "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		die("proof: %q", lines[0])
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		extra, err := base64.StdEncoding.Strict().DecodeString(lines[0][6:])
		if err != nil {
			die("proof: extra: %v", err)
		}
		p.extra = extra
		lines = lines[1:]
	}
	if !strings.HasPrefix(lines[0], "index ") {
		die("proof: no index")
	}
	index, err := strconv.ParseInt(lines[0][6:], 10, 64)
	if err != nil {
		die("proof: index: %v", err)
	}
	p.index = index
	for _, line := range lines[1:] {
		p.path = append(p.path, hash(line))
	}
	return p
}

func proof(path, vkey, leafHex string) {
	p := parseProof(read(path))
	c := open(p.note, vkey)
	raw, err := hex.DecodeString(leafHex)
	if err != nil || len(raw) != 32 {
		die("leaf: %v", err)
	}
	var leaf tlog.Hash
	copy(leaf[:], raw)
	if err := tlog.CheckRecord(p.path, c.size, c.root, p.index, leaf); err != nil {
		die("proof: %v", err)
	}
	fmt.Printf("leaf %d of %d\n", p.index, c.size)
}

// docs/formats/ledger-entry.md
func receipt(path, vkey string) {
	p := parseProof(read(path))
	c := open(p.note, vkey)
	x := p.extra
	if len(x) < 41 || string(x[:4]) != "HLR\x01" {
		die("receipt: not ours")
	}
	slot, key := int(x[4]), x[5:37]
	n := int(binary.BigEndian.Uint16(x[37:]))
	entry := x[39 : 39+n]
	m := int(binary.BigEndian.Uint16(x[39+n:]))
	content := x[41+n : 41+n+m]
	if len(x) != 41+n+m {
		die("receipt: length")
	}
	if err := tlog.CheckRecord(p.path, c.size, c.root, p.index, tlog.RecordHash(entry)); err != nil {
		die("receipt: %v", err)
	}
	inspectors, slots := int(entry[1]), int(entry[2])
	if entry[0] != 1 || slot >= slots {
		die("receipt: not a sealed entry with that slot")
	}
	at := 67 + 32*inspectors + 64*slot
	sum := sha256.Sum256(append(append([]byte("habeas-ledger/1 person"), key...), content...))
	if !bytes.Equal(sum[:], entry[at:at+32]) {
		die("receipt: it does not open the leaf")
	}
	fmt.Printf("entry %d opened, %d bytes\n", p.index, m)
}

func consistency(path string) {
	var j struct {
		Old, New struct {
			Size int64
			Root string
		}
		Proof []string
	}
	if err := json.Unmarshal(read(path), &j); err != nil {
		die("%v", err)
	}
	roots := make([]tlog.Hash, 2)
	for i, text := range []string{j.Old.Root, j.New.Root} {
		raw, err := hex.DecodeString(text)
		if err != nil || len(raw) != 32 {
			die("root %q", text)
		}
		copy(roots[i][:], raw)
	}
	var p tlog.TreeProof
	for _, line := range j.Proof {
		p = append(p, hash(line))
	}
	if err := tlog.CheckTree(p, j.New.Size, roots[1], j.Old.Size, roots[0]); err != nil {
		die("consistency: %v", err)
	}
	fmt.Printf("%d holds %d\n", j.New.Size, j.Old.Size)
}

// tlog-cosignature, Ed25519, which x/mod's note does not know.
func cosigned(path, vkey, witness string) {
	data := read(path)
	c := open(data, vkey)
	parts := strings.SplitN(witness, "+", 3)
	if len(parts) != 3 {
		die("witness key")
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(raw) != 33 || raw[0] != 4 {
		die("witness key: %v", err)
	}
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	if hex.EncodeToString(id[:4]) != parts[1] {
		die("witness key: id")
	}
	for _, line := range strings.Split(string(data[strings.LastIndex(string(data), "\n\n")+2:]), "\n") {
		prefix := "\u2014 " + parts[0] + " "
		if !strings.HasPrefix(line, prefix) {
			continue
		}
		sig, err := base64.StdEncoding.Strict().DecodeString(line[len(prefix):])
		if err != nil || len(sig) != 4+8+64 || !bytes.Equal(sig[:4], id[:4]) {
			continue
		}
		at := binary.BigEndian.Uint64(sig[4:])
		message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, c.text)
		if !ed25519.Verify(ed25519.PublicKey(raw[1:]), []byte(message), sig[12:]) {
			die("the cosignature does not hold")
		}
		fmt.Printf("cosigned at %d\n", at)
		return
	}
	die("not cosigned")
}

func main() {
	a := os.Args[1:]
	switch {
	case len(a) == 3 && a[0] == "tiles":
		tiles(a[1], a[2])
	case len(a) == 4 && a[0] == "proof":
		proof(a[1], a[2], a[3])
	case len(a) == 3 && a[0] == "receipt":
		receipt(a[1], a[2])
	case len(a) == 2 && a[0] == "consistency":
		consistency(a[1])
	case len(a) == 4 && a[0] == "cosigned":
		cosigned(a[1], a[2], a[3])
	default:
		die("see the top of the file")
	}
}
