"""Prints what Python's email package makes of messages: one JSON object for each file named on standard input.

`parts` lists the parts in document order as [type, content in base64 or null for containers, file name]. A message/*
type other than rfc822 and global is opened by this package only, so it is listed as a container and not entered.
"""
import base64
import email
import email.policy
import json
import sys

ENTERED = ("message/rfc822", "message/global")


def walk(part, rows):
    kind = part.get_content_type()
    if part.is_multipart():
        rows.append([kind, None, ""])
        if part.get_content_maintype() == "message" and kind not in ENTERED:
            return
        for child in part.get_payload():
            walk(child, rows)
        return
    payload = part.get_payload(decode=True) or b""
    rows.append([kind, base64.b64encode(payload).decode(), part.get_filename() or ""])


def defects(message):
    return sorted({type(defect).__name__ for part in message.walk() for defect in part.defects})


for line in sys.stdin:
    path = line.rstrip("\n")
    row = {"file": path, "parts": [], "defects": []}
    try:
        with open(path, "rb") as file:
            message = email.message_from_bytes(file.read(), policy=email.policy.compat32)
        walk(message, row["parts"])
        row["defects"] = defects(message)
    except Exception as error:
        row["defects"] = [type(error).__name__]
    print(json.dumps(row, ensure_ascii=True))
