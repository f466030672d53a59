"""Plays one client for interop/matrix: reads wishes as lines of JSON, answers them as lines of JSON, several at once.

Started by interop/matrix/python.ts as `worker.py MODULE`, with what every client needs in the first line.
"""

import importlib
import json
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import told as words

AT_ONCE = 8

turns = {}
clients = {}
lock = threading.Lock()
making = threading.Lock()


def say(message):
    with lock:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def shown(told, number):
    """What was told, as JSON; how to go on is kept here under the number of the question."""
    plain = {name: value for name, value in told.items() if name != "next"}
    if told.get("next") is not None:
        turns[number] = told["next"]
        plain["next"] = number
    return plain


def client_of(module, name, options):
    """Making a client is slow: each is made once for its key."""
    key = json.dumps([name, options])
    with making:
        if key not in clients:
            clients[key] = module.open(name, options)
        return clients[key]


def carry_out(module, message):
    number, op = message["id"], message["op"]
    if op == "next":
        return shown(turns.pop(message["turn"])(message["results"]), number)
    client = client_of(module, message["client"], message["options"])
    if op == "run_tools":
        return client.run_tools(message["wish"])
    return shown(client.ask(message["wish"]), number)


def fault_of(module, error):
    status = module.status_of(error)
    return {
        "kind": type(error).__name__,
        "status": status if isinstance(status, int) else None,
        "message": str(error),
        "trace": traceback.format_exc()[-1500:],
    }


def answer(module, message):
    try:
        say({"id": message["id"], "value": carry_out(module, message)})
    except Exception as error:  # whatever a client raises is what is looked at
        say({"id": message["id"], "fault": fault_of(module, error)})


def main():
    words.scene.update(json.loads(sys.stdin.readline()))
    module = importlib.import_module(sys.argv[1])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for line in sys.stdin:
            pool.submit(answer, module, json.loads(line))


main()
