"""Moves a percentage of conversations from a provider onto the relay, and goes around the relay when it is down.

Run it (drover_edge.py lies in clients/python; copy it into your own program):
    pip install openai
    OPENAI_API_KEY=sk-... DROVER_API_KEY=hs-live-... DROVER_PERCENT=50 python main.py

PROVIDER_BASE_URL names another provider than https://api.openai.com/v1, DROVER_BASE_URL another relay than
http://127.0.0.1:4000/v1; MODEL another model than gpt-4.1. DROVER_REPORT=off reports nothing.
"""

import os
import pathlib
import sys

from openai import OpenAI

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients" / "python"))
from drover_edge import DroverEdge, Place  # noqa: E402

edge = DroverEdge(
    migration="onto-drover",
    baseline=Place(os.environ.get("PROVIDER_BASE_URL", "https://api.openai.com/v1"), os.environ["OPENAI_API_KEY"]),
    candidate=Place(os.environ.get("DROVER_BASE_URL", "http://127.0.0.1:4000/v1"), os.environ["DROVER_API_KEY"]),
    report=os.environ.get("DROVER_REPORT") != "off",
)


def ask(conversation, content):
    """The pieces of one answer as they come. The SDK repeats nothing by itself: the way around is the client's."""

    def run(arm):
        client = OpenAI(base_url=arm.base_url, api_key=arm.api_key, max_retries=0, timeout=30)
        return client.chat.completions.create(
            model=os.environ.get("MODEL", "gpt-4.1"),
            messages=[{"role": "user", "content": content}],
            stream=True,
            stream_options={"include_usage": True},
            extra_headers={"x-session-id": conversation},
        )

    return edge.stream(conversation, run)


for conversation in ["anna", "ben", "gus", "hal", "leo", "nils"]:
    pieces = [chunk.choices[0].delta.content or "" for chunk in ask(conversation, f"Good morning from {conversation}") if chunk.choices]
    print(f"{conversation} ({edge.arm(conversation).name}): {''.join(pieces)}")
edge.flush()
print(edge.state())
