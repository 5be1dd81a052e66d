#!/usr/bin/env python3
"""An example of a scanner for Mailreeve (docs/SCANNER-PROTOCOL.md).

It finds the EICAR test file and every file that contains a word of a list. Without an argument it is a program that is
run for each message; with the path of a Unix socket it is a server, with `http:HOST:PORT` one behind HTTP. Give it a real
task in `look`.
"""

import array
import http.server
import json
import os
import re
import socket
import socketserver
import sys
import tempfile

# In two halves, so that no scanner takes this file for the test file.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
WORDS = [b"copper herons"]


def look(content, number, answer):
    """Judges one content; `number` is the part's, None for the whole message."""
    found = {} if number is None else {"part": number}
    if EICAR in content:
        answer["viruses"].append({"name": "Eicar-Test-Signature", **found})
    for word in WORDS:
        if word in content and not answer["tests"]:
            answer["tests"].append({"name": "LOCAL_WORD", "score": 1.5, "evidence": word.decode()})


def judge(request, message, parts):
    """Answers one request; the last two are descriptors, `parts` is None when there are none."""
    if request["version"] != 1:
        return {"version": 1, "failure": "I speak version 1"}
    # Neither the envelope nor the time is looked at: the answer may be kept.
    answer = {"version": 1, "viruses": [], "tests": [], "unchecked": [], "content_only": True}
    # pread: the descriptors may be shared, so their position means nothing.
    look(os.pread(message, request["message"]["size"], 0), None, answer)
    for part in request["parts"]:
        look(os.pread(parts, part["size"], part["offset"]), part["number"], answer)
    return answer


def receive(connection):
    """One line and the descriptors that came with its first octet; no line when it did not come."""
    line, numbers = b"", array.array("i")
    while not line.endswith(b"\n"):
        try:
            piece, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(8 * numbers.itemsize))
        except OSError:
            return b"", list(numbers)
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
        if not piece:
            return b"", list(numbers)
        line += piece
    return line, list(numbers)


class Connection(socketserver.BaseRequestHandler):
    """One request. What goes wrong with it, a client that is gone for one, ends this connection and no other."""

    def handle(self):
        self.request.settimeout(60)
        line, numbers = receive(self.request)
        try:
            if line and numbers:
                answer = judge(json.loads(line), numbers[0], numbers[1] if len(numbers) > 1 else None)
                self.request.sendall(json.dumps(answer).encode() + b"\n")
        finally:
            for number in numbers:
                os.close(number)


class Server(socketserver.ThreadingUnixStreamServer):
    """Each connection has a thread: as many come at a time as the scanner's `concurrency` says."""

    daemon_threads = True
    request_queue_size = 50


def serve(path):
    """A server; a socket that an earlier one left behind is taken away."""
    if os.path.exists(path):
        os.unlink(path)
    with Server(path, Connection) as server:
        server.serve_forever()


class Page(http.server.BaseHTTPRequestHandler):
    """One request of kind http: a form with the request, the message and the parts."""

    timeout = 60

    def do_POST(self):
        try:
            answer = self.answer()
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            # Not the form of the protocol.
            self.close_connection = True
            return self.send_error(400, explain=repr(error))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def answer(self):
        """The answer to the form in the request's body."""
        kind, _, boundary = self.headers.get("Content-Type", "").partition("boundary=")
        size = int(self.headers.get("Content-Length", "-1"))
        if not kind.startswith("multipart/form-data") or not boundary or size < 0:
            raise ValueError("no form of a stated length")
        body = self.rfile.read(size)
        if len(body) < size:
            raise ValueError("the form is cut off")
        fields = {}
        # What stands before the first line with the boundary and behind the last is no field.
        for field in body.split(b"--" + boundary.encode())[1:-1]:
            head, _, content = field.partition(b"\r\n\r\n")
            fields[re.search(rb'; name="(\w+)"', head)[1].decode()] = content[:-2]
        with tempfile.TemporaryFile() as message, tempfile.TemporaryFile() as parts:
            for name, file in (("message", message), ("parts", parts)):
                file.write(fields.get(name, b""))
                file.flush()
            return json.dumps(judge(json.loads(fields["request"]), message.fileno(), parts.fileno())).encode()


def run():
    """A program: the request on standard input, the message as descriptor 3, the parts as descriptor 4."""
    request = json.loads(sys.stdin.readline())
    answer = judge(request, 3, 4 if request["parts"] else None)
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].startswith("http:"):
        host, _, port = sys.argv[1].removeprefix("http:").rpartition(":")
        http.server.ThreadingHTTPServer((host, int(port)), Page).serve_forever()
    elif len(sys.argv) > 1:
        serve(sys.argv[1])
    else:
        run()
