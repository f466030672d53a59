"""The client for Python against a provider and a relay on real sockets. Started by interop/client-edge.test.ts."""

import asyncio
import http.server
import json
import os
import pathlib
import socket
import sys
import threading
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients" / "python"))

from drover_edge import DroverEdge, Place, basis_points, bucket_of, unit_of  # noqa: E402

USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}
ANSWER = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}], "usage": USAGE}


def event(delta, **more):
    return {"choices": [{"delta": delta, "finish_reason": None}], **more}


HELLO = [event({"role": "assistant", "content": ""}), event({"content": "Hel"}), event({"content": "lo"}, usage=USAGE)]


class Server:
    """Answers by a list of scripts: a status, `None` = cuts the connection, a list = a stream; else the usual answer."""

    def __init__(self):
        self.scripts, self.seen, self.told, self.report_scripts = [], [], [], []
        self.held = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                is_report = self.path.startswith("/api/")
                if is_report and outer.held is not None:
                    outer.held.wait(10)
                scripts = outer.report_scripts if is_report else outer.scripts
                script = scripts.pop(0) if scripts else 200
                if not is_report:
                    outer.seen.append(self.headers["authorization"])
                elif script == 200:
                    outer.told.append((self.path, json.loads(body).get("observations", body)))
                if script is None:
                    self.close_connection = True
                    return
                whole = {"accepted": 1, "epoch": 3} if is_report else ANSWER
                text = json.dumps(whole) if isinstance(script, int) else "".join(json.dumps(one) + "\n" for one in script)
                self.send_response(script if isinstance(script, int) else 200)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def request(arm):
    headers = {"authorization": f"Bearer {arm.api_key}"}
    return urllib.request.urlopen(urllib.request.Request(f"{arm.base_url}/chat/completions", b"{}", headers), timeout=10)


def ask(arm):
    with request(arm) as answer:
        return json.load(answer)


def ask_stream(arm):
    with request(arm) as answer:
        yield from (json.loads(line) for line in answer)


class EdgeTest(unittest.TestCase):
    def setUp(self):
        self.provider, self.relay = Server(), Server()
        self.addCleanup(self.provider.close)
        self.addCleanup(self.relay.close)
        self.now = 0.0

    def edge(self, percent, **more):
        more = {"percent": None if percent is None else lambda: percent, **more}
        candidate = more.pop("candidate", Place(self.relay.url, "hs-live-relay"))
        baseline = Place(self.provider.url, "sk-provider")
        return DroverEdge("onto-drover", baseline, candidate, now=lambda: self.now, **more)

    def outcomes(self, edge):
        edge.flush()
        return [(one["arm"], one["outcome"], one["status"]) for _, batch in self.relay.told for one in batch]

    def test_vectors(self):
        vectors = json.loads((ROOT / "clients" / "buckets.json").read_text(encoding="utf8"))
        for one in vectors["units"]:
            self.assertEqual(unit_of(one["conversation"]), one["unit"])
        for one in vectors["buckets"]:
            self.assertEqual(bucket_of(one["salt"], one["unit"]), one["bucket"])
        for one in vectors["percents"]:
            self.assertEqual(basis_points(one["percent"]), one["basis_points"])

    def test_split(self):
        before = set()
        for percent in (0, 0.5, 5, 10, 50, 100):
            edge = self.edge(percent, report=False)
            over = {index for index in range(2000) if edge.arm(f"conversation-{index}").name == "candidate"}
            self.assertTrue(before <= over)
            self.assertLess(abs(len(over) / 2000 - percent / 100), 0.025)
            before = over

    def test_percentage(self):
        edge = self.edge(None, report=False)
        self.addCleanup(os.environ.pop, "DROVER_PERCENT", None)
        self.assertEqual(edge.arm("one").name, "baseline")
        os.environ["DROVER_PERCENT"] = "100"
        self.assertEqual(edge.arm("one").name, "candidate")
        path = ROOT / "node_modules" / f".drover-percent-{os.getpid()}"
        self.addCleanup(os.environ.pop, "DROVER_PERCENT_FILE", None)
        os.environ["DROVER_PERCENT_FILE"] = str(path)
        path.write_text("0\n", encoding="utf8")
        self.assertEqual(edge.arm("one").name, "baseline")
        path.write_text("100\n", encoding="utf8")
        self.assertEqual(edge.arm("one").name, "baseline")
        self.now += 1.1
        self.assertEqual(edge.arm("one").name, "candidate")
        path.unlink()
        self.now += 1.1
        self.assertEqual(edge.arm("one").name, "baseline")

    def test_whole_answer(self):
        edge = self.edge(100)
        self.assertEqual(edge.call("user:42", ask), ANSWER)
        self.assertEqual(asyncio.run(edge.acall("user:42", lambda arm: asyncio.to_thread(ask, arm))), ANSWER)
        self.assertEqual(self.edge(0, report=False).call(None, ask), ANSWER)
        self.assertEqual((self.relay.seen[0], self.provider.seen[0]), ("Bearer hs-live-relay", "Bearer sk-provider"))
        edge.flush()
        path, batch = self.relay.told[0]
        self.assertEqual((path, len(batch)), ("/api/v1/migrations/onto-drover/observations", 2))
        one = {name: value for name, value in batch[0].items() if name not in ("id", "start_ms")}
        self.assertEqual(
            one,
            {
                "arm": "candidate",
                "unit": unit_of("user:42"),
                "percent": 100,
                "epoch": None,
                "duration_ms": 0,
                "stream": False,
                "outcome": "ok",
                "status": 200,
                "ttft_ms": None,
                "tpot_micros": None,
                "longest_gap_ms": None,
                "tokens": {"input": 9, "cached_input": 4, "output": 3, "reasoning": None},
                "usage_missing": False,
                "truncated": False,
            },
        )

    def test_what_a_call_went_by(self):
        self.addCleanup(os.environ.pop, "DROVER_PERCENT", None)
        os.environ["DROVER_PERCENT"] = "5"
        edge = self.edge(None)

        def slow(_arm):
            os.environ["DROVER_PERCENT"] = "10.5"
            edge.call("two", lambda arm: ANSWER)
            edge.flush()
            return ANSWER

        edge.call("one", slow)
        edge.call("three", lambda arm: ANSWER)
        edge.flush()
        told = [(one["unit"], one["percent"], one["epoch"]) for _, batch in self.relay.told for one in batch]
        self.assertEqual(told, [(unit_of("two"), 10.5, None), (unit_of("one"), 5, None), (unit_of("three"), 10.5, 3)])

    def test_feedback(self):
        edge = self.edge(100)
        self.assertTrue(edge.feedback("user:42", True))
        path, body = self.relay.told[0]
        self.assertEqual(path, "/api/v1/migrations/onto-drover/feedback")
        self.assertEqual(json.loads(body), {"feedback": [{"conversation": unit_of("user:42"), "bad": True}]})
        self.relay.report_scripts = [409]
        self.assertFalse(edge.feedback("user:42", True))
        self.assertFalse(self.edge(100, report=False).feedback("user:42", True))

    def test_streams(self):
        self.relay.scripts = [HELLO, HELLO, []]
        edge = self.edge(100)
        text = ""
        for chunk in edge.stream("one", ask_stream):
            text += chunk["choices"][0]["delta"]["content"]
            self.now += 0.04
        self.assertEqual(text, "Hello")
        for _ in edge.stream("two", ask_stream):
            break
        self.assertEqual(list(edge.stream("three", ask_stream)), [])

        def breaks(_arm):
            yield HELLO[1]
            raise ConnectionResetError

        with self.assertRaises(ConnectionResetError):
            list(edge.stream("four", breaks))
        expected = [("candidate", word, 200) for word in ("ok", "left", "empty", "cut")]
        self.assertEqual(self.outcomes(edge), expected)
        first = self.relay.told[0][1][0]
        self.assertEqual((first["ttft_ms"], first["longest_gap_ms"], first["tpot_micros"]), (40, 40, 20000))

    def test_asyncio_streams(self):
        self.relay.scripts = [503]
        self.provider.scripts = [HELLO]
        edge = self.edge(100)

        async def source(arm):
            chunks = await asyncio.to_thread(lambda: list(ask_stream(arm)))

            async def one_by_one():
                for chunk in chunks:
                    yield chunk

            return one_by_one()

        async def read():
            return [chunk async for chunk in edge.astream("one", source)]

        self.assertEqual(asyncio.run(read()), HELLO)
        self.assertEqual(self.outcomes(edge), [("candidate", "moved", 503)])

    def test_relay_down(self):
        self.relay.scripts = [503, 200, None]
        edge = self.edge(100)
        self.assertEqual(edge.call("one", ask), ANSWER)
        self.assertEqual(edge.call("two", ask), ANSWER)
        self.assertEqual((len(self.relay.seen), len(self.provider.seen), edge.state()["is_down"]), (1, 2, True))
        self.now += 5.1
        edge.call("three", ask)
        edge.call("four", ask)
        self.assertEqual((len(self.relay.seen), len(self.provider.seen)), (3, 3))
        expected = [("candidate", "moved", 503), ("candidate", "moved", None), ("candidate", "ok", 200), ("candidate", "moved", None)]
        self.assertEqual(self.outcomes(edge), expected)

    def test_refused_connection(self):
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        edge = self.edge(100, candidate=Place(url, "hs-live-relay"), report=False)
        self.assertEqual(edge.call("one", ask), ANSWER)

    def test_errors_stay(self):
        self.relay.scripts = [400, 429, 500, 504]
        edge = self.edge(100)
        for status in (400, 429, 500, 504):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                edge.call("one", ask)
            self.assertEqual(caught.exception.code, status)
        with self.assertRaises(ZeroDivisionError):
            edge.call("one", lambda arm: 1 // 0)
        self.provider.scripts = [503]
        with self.assertRaises(urllib.error.HTTPError):
            self.edge(0, report=False).call("one", ask)
        words = [(400, "rejected"), (429, "rate_limited"), (500, "upstream_error"), (504, "timeout")]
        self.assertEqual(self.outcomes(edge), [("candidate", word, status) for status, word in words])
        self.assertEqual(len(self.provider.seen), 1)

    def test_reports_are_bounded(self):
        self.relay.held = threading.Event()
        self.relay.report_scripts = [503]
        edge = self.edge(0)
        edge.call("one", ask)
        flushing = threading.Thread(target=edge.flush)
        flushing.start()
        for index in range(1200):
            edge.call(f"conversation-{index}", lambda arm: ANSWER)
        self.assertEqual(self.relay.told, [])
        self.relay.held.set()
        flushing.join()
        edge.flush()
        counts = [len(batch) for _, batch in self.relay.told]
        self.assertTrue(max(counts) <= 100 and sum(counts) + edge.state()["dropped"] == 1201, (counts, edge.state()))
        self.assertGreaterEqual(edge.state()["dropped"], 200)
        self.relay.report_scripts = [404]
        edge.call("one", ask)
        edge.flush()
        self.assertTrue(edge.state()["report_error"].endswith("answered 404"))


if __name__ == "__main__":
    unittest.main()
