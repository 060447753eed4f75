"""Verifies an audit log of Portcullis. Written from RFC 6962, c2sp.org/signed-note, c2sp.org/tlog-checkpoint and
c2sp.org/tlog-proof alone, to show that the log needs no program of ours to be believed.

    audit_verify.py DIR [VERIFIER-KEY]

Without a key the first line of DIR/verifier.key is believed. Exit code 0 if every checkpoint and every *.tlog-proof holds and
the last checkpoint covers the log; a change of the key inside the log is not followed.
"""

import base64
import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf(record):
    return sha256(b"\x00" + record)


def node(left, right):
    return sha256(b"\x01" + left + right)


class Key:
    def __init__(self, text):
        self.name, self.id, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        assert raw[0] == 1 and len(raw) == 33, "no Ed25519 key"
        assert sha256(self.name.encode() + b"\n" + raw)[:4].hex() == self.id, "the key id is not of this key"
        self.public = Ed25519PublicKey.from_public_bytes(raw[1:])

    def open(self, note):
        """Size and root of a checkpoint, if this key signed it."""
        text, signatures = note[: note.rindex("\n\n") + 1], note[note.rindex("\n\n") + 2 :]
        for line in signatures.splitlines():
            dash, name, encoded = line.split(" ")
            raw = base64.b64decode(encoded, validate=True)
            if dash == "\u2014" and name == self.name and raw[:4].hex() == self.id:
                self.public.verify(raw[4:], text.encode())
                origin, size, root = text.splitlines()[:3]
                assert origin == self.name and str(int(size)) == size
                return int(size), base64.b64decode(root, validate=True)
        raise ValueError("not signed by this key")


class Tree:
    """Grows leaf by leaf: the complete subtrees as (leaves, root), largest first."""

    def __init__(self):
        self.parts = []

    def push(self, hash):
        count = 1
        while self.parts and self.parts[-1][0] == count:
            hash, count = node(self.parts.pop()[1], hash), count * 2
        self.parts.append((count, hash))

    def root(self):
        if not self.parts:
            return sha256(b"")
        hash = self.parts[-1][1]
        for _, left in reversed(self.parts[:-1]):
            hash = node(left, hash)
        return hash


def notes(text):
    """A file of checkpoints, one after the other, each followed by an empty line."""
    lines, start = text.splitlines(keepends=True), 0
    for at, line in enumerate(lines):
        if line == "\n" and at > start and lines[at - 1].startswith("\u2014"):
            yield "".join(lines[start:at])
            start = at + 1


def climb(index, size, hash, proof):
    """RFC 9162, section 2.1.3.2: the root that a leaf and its path lead to."""
    last = size - 1
    assert index <= last
    for other in proof:
        assert last > 0, "the path is too long"
        if index & 1 or index == last:
            hash = node(other, hash)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            hash = node(hash, other)
        index, last = index >> 1, last >> 1
    assert last == 0, "the path is too short"
    return hash


def check_proof(text, key):
    head, note = text.split("\n\n", 1)
    lines = head.splitlines()
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    record = base64.b64decode(lines[1].removeprefix("extra "), validate=True)
    index = int(lines[2].removeprefix("index "))
    path = [base64.b64decode(line, validate=True) for line in lines[3:]]
    size, root = key.open(note)
    assert climb(index, size, leaf(record), path) == root, "the proof does not lead to the root"
    assert json.loads(record)["index"] == index


def main(folder, key):
    heads = {}
    for file in sorted(folder.glob("*.checkpoints")):
        heads.update(key.open(note) for note in notes(file.read_text("utf-8")))
    tree, previous, count = Tree(), b"\x00" * 32, 0
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_bytes().splitlines():
            record = json.loads(line)
            assert record["index"] == count, f"record {count} is not where it should be"
            assert record["previous"] == previous[:16].hex(), f"record {count} does not follow the one before"
            previous, count = leaf(line), count + 1
            tree.push(previous)
            if count in heads:
                assert tree.root() == heads.pop(count), f"the checkpoint of size {count} has another root"
                covered = count
    assert not heads, f"the log ends at {count} and a checkpoint has size {max(heads)}"
    assert covered == count, f"no checkpoint covers the records from {covered} on"
    proofs = list(folder.glob("*.tlog-proof"))
    for proof in proofs:
        check_proof(proof.read_text("utf-8"), key)
    print(f"the Python verifier agrees: {count} records, {len(proofs)} proofs")


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    text = sys.argv[2] if len(sys.argv) > 2 else (folder / "verifier.key").read_text("utf-8").splitlines()[0]
    main(folder, Key(text))
