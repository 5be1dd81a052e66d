"""Writes mail as Python's email package composes it: one JSON object for each message, `message` in base64 with CRLF, and
`parts` in document order as [type, content in base64 or null for containers, file name], as they were put in.

Structure, names, charsets and encodings are drawn from a generator with a fixed seed.
"""
import base64
import email.policy
import json
import random
import sys
from email.message import EmailMessage

draw = random.Random(int(sys.argv[2]))
NAMES = ["report.pdf", "Übersicht 2026.docx", "資料.xlsx", "a b (c); d=e.txt", "it's \"quoted\".zip", "long " * 30 + ".png",
         "", "счёт.pdf", "x" * 200 + ".tar.gz", "semi;colon.exe", "back\\slash.bin", "per%20cent.txt", "=?utf-8?q?a?=.txt"]
TEXTS = ["Hello\n", "Grüße, Welt\n" * 20, "--\n-- \n--x--\nFrom here\n.dot\n", "日本語のテキスト\n" * 9, "=41=\n= \nx=\n",
         "line " * 400 + "\n", "", "tab\tand trailing  \n", "begin 644\nend\n", "<html><body>&amp; <b>x</b></body></html>\n"]
CHARSETS = ["utf-8", "iso-8859-1", "utf-8", "us-ascii"]
TYPES = ["application/pdf", "image/png", "application/octet-stream", "application/zip", "audio/x-wav"]


def text(message):
    content = draw.choice(TEXTS)
    charset = draw.choice(CHARSETS)
    try:
        content.encode(charset)
    except UnicodeEncodeError:
        charset = "utf-8"
    encodings = ["quoted-printable", "base64"]
    if content.isascii() and max(map(len, content.split("\n"))) < 900:
        encodings.append("7bit")
    message.set_content(content, subtype=draw.choice(["plain", "html", "calendar"]), charset=charset,
                        cte=draw.choice(encodings))


def attach(message):
    name = draw.choice(NAMES)
    if draw.randrange(5) == 0:
        inner = compose(draw.randrange(2))
        message.add_attachment(inner, filename=name or None)
        return
    kind, _, subtype = draw.choice(TYPES).partition("/")
    content = draw.randbytes(draw.choice([0, 1, 2, 3, 56, 57, 58, 1000, 5000]))
    message.add_attachment(content, maintype=kind, subtype=subtype, filename=name or None,
                           disposition=draw.choice(["attachment", "inline"]))


def compose(depth):
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = "Ålice <alice@example.com>"
    message["To"] = "bob@example.org"
    message["Subject"] = draw.choice(["Hello", "Grüße " * 30, "a" * 200, "資料"])
    text(message)
    shape = draw.randrange(4)
    if shape < 2:
        message.add_alternative(draw.choice(TEXTS), subtype="html")
    elif shape == 2:
        message.add_related(draw.randbytes(100), maintype="image", subtype="png", cid="<1@x>")
    for _ in range(draw.randrange(4) if depth else 0):
        attach(message)
    return message


def walk(part, rows):
    kind = part.get_content_type()
    if part.is_multipart():
        rows.append([kind, None, part.get_filename() or ""])
        for child in part.get_payload():
            walk(child, rows)
        return
    content = part.get_payload(decode=True) or b""
    rows.append([kind, base64.b64encode(content).decode(), part.get_filename() or ""])


for _ in range(int(sys.argv[1])):
    message = compose(2)
    octets = message.as_bytes(policy=email.policy.SMTP)
    rows = []
    walk(message, rows)
    print(json.dumps({"message": base64.b64encode(octets).decode(), "parts": rows}))
