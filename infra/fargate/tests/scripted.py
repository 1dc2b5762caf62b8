"""A stand-in for those parts of AWS that the emulator does not know.

It speaks AWS's JSON protocol, knows what each operation answers, one answer after the other
and the last for ever, and keeps what it was asked. An operation that nobody told it about is
answered with an error, and remembered.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Scripted:
    def __init__(self) -> None:
        self.answers: dict[str, list] = {}
        self.asked: list[tuple[str, dict]] = []
        self.unknown: list[str] = []
        handler = type("Handler", (Answering,), {"script": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def answer(self, operation: str, *answers: dict) -> None:
        self.answers[operation] = list(answers)

    def requests(self, operation: str) -> list[dict]:
        return [body for name, body in self.asked if name == operation]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Answering(BaseHTTPRequestHandler):
    script: Scripted

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        self.script.asked.append((operation, body))
        answers = self.script.answers.get(operation)
        if not answers:
            self.script.unknown.append(operation)
            answers = [{"__type": "NotScripted", "message": operation}]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        data = json.dumps(answer).encode()
        self.send_response(400 if "__type" in answer else 200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
