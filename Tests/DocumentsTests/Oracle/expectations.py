"""Prints what other programs find in the documents of the corpora: kind, file, name, size, SHA-256, one row each.

Needs the Python packages olefile, oletools and pypdf, and tnef(1). `expected.tsv` is its output:
    python3 expectations.py CORPORA >expected.tsv
"""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

import logging

logging.disable(logging.CRITICAL)

import olefile
import pypdf
from oletools import oleobj, olevba, rtfobj

root = pathlib.Path(sys.argv[1]) / "archives"


def row(kind, file, name, content):
    name = name.encode("unicode_escape").decode()
    print(kind, file.relative_to(root), name, len(content), hashlib.sha256(content).hexdigest(), sep="\t")


def compound(file):
    ole = olefile.OleFileIO(file)
    for path in ole.listdir(streams=True, storages=False):
        content = ole.openstream(path).read()
        if path[-1].lower() == "\x01ole10native":
            package = oleobj.OleNativeStream(content)
            if package.filename and package.data is not None and not package.is_link:
                row("packaged", file, package.filename, package.data)
        elif len(content) > 64:
            row("stream", file, "/".join(path), content)
    parser = olevba.VBA_Parser(str(file))
    if parser.detect_vba_macros():
        for _, path, name, code in parser.extract_macros():
            code = code if isinstance(code, bytes) else code.encode("utf-8")
            if path and not path.startswith("xlm") and code.isascii() and "VBA P-code" not in name:
                row("macro", file, path.rsplit("/", 1)[-1], code)


def rich_text(file):
    parser = rtfobj.RtfObjParser(file.read_bytes())
    parser.parse()
    for item in parser.objects:
        if item.is_package:
            row("packaged", file, item.filename, item.olepkgdata)
        elif item.is_ole and item.oledata:
            row("object", file, (item.class_name or b"").decode("latin-1"), item.oledata)


def pdf(file):
    try:
        for name, contents in pypdf.PdfReader(file).attachments.items():
            # The same file once more, by the name of its table.
            if "/" in name:
                continue
            for content in contents:
                row("attachment", file, name, content)
    except Exception as problem:
        print("pypdf:", file.name, problem, file=sys.stderr)


def tnef(file):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tnef", "-f", file, "-C", folder, "--save-body"], check=False, capture_output=True)
        for name in sorted(os.listdir(folder)):
            row("tnef", file, name, (pathlib.Path(folder) / name).read_bytes())


for file in sorted(root.rglob("*")):
    if not file.is_file() or file.relative_to(root).parts[0] not in ("oletools", "clamav-testfiles", "pdf-pdfminer", "tnef"):
        continue
    head = file.read_bytes()[:1024]
    if head.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        compound(file)
    elif head.startswith(b"{\\rt"):
        rich_text(file)
    elif b"%PDF-" in head:
        pdf(file)
    elif head.startswith(bytes.fromhex("789f3e22")):
        tnef(file)
