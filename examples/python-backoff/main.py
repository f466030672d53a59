"""Many questions at once against a key with a low limit: the SDK does not retry, the program backs off by itself.

Run it:
    pip install openai
    DROVER_API_KEY=$(drover keys create --name slow --test --rpm 3 --json | jq -r .key) python main.py

The wait before try n is chance between 0 and min(CAP, BASE * 2^n) seconds ("full jitter"), so that programs that were
refused together do not come back together. DROVER_BASE_URL names another relay than http://127.0.0.1:4000/v1.
"""

import asyncio
import os
import random
import time

from openai import AsyncOpenAI, RateLimitError

BASE_S = 1.0
CAP_S = 10.0
TRIES_MAX = 20
QUESTIONS = ["one", "two", "three", "four"]

client = AsyncOpenAI(
    base_url=os.environ.get("DROVER_BASE_URL", "http://127.0.0.1:4000/v1"),
    api_key=os.environ["DROVER_API_KEY"],
    max_retries=0,
)


async def ask(question: str) -> tuple[str, int]:
    """The answer, and how many times the question was refused before."""
    for refusals in range(TRIES_MAX):
        try:
            completion = await client.chat.completions.create(
                model=os.environ.get("MODEL", "kimi-k2"),
                messages=[{"role": "user", "content": question}],
            )
            return completion.choices[0].message.content or "", refusals
        except RateLimitError:
            await asyncio.sleep(random.uniform(0, min(CAP_S, BASE_S * 2**refusals)))
    raise TimeoutError(f"'{question}' was refused {TRIES_MAX} times")


async def main() -> None:
    started = time.monotonic()
    answers = await asyncio.gather(*(ask(question) for question in QUESTIONS))
    for question, (answer, refusals) in zip(QUESTIONS, answers, strict=True):
        print(f"{question}: {answer!r} after {refusals} refusals")
    print(f"{len(answers)} answers in {time.monotonic() - started:.1f} s")


asyncio.run(main())
