"""Drives a relay with the Python SDK. Each function is one check; its name is printed when it holds.

Started by interop/openai-python.test.ts with BASE_URL, TEST_KEY, LIVE_KEY and LIMITED_KEY.
"""

import asyncio
import base64
import os
import traceback

import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

BASE_URL = os.environ["BASE_URL"]
SANDBOX = OpenAI(base_url=BASE_URL, api_key=os.environ["TEST_KEY"], max_retries=0)
LIVE = OpenAI(base_url=BASE_URL, api_key=os.environ["LIVE_KEY"], max_retries=0)

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Boat(BaseModel):
    name: str
    sails: int
    fast: bool


def user(content):
    return [{"role": "user", "content": content}]


def say(client, content, **more):
    return client.chat.completions.create(**{"model": "kimi-k2", "messages": user(content), **more})


def raised(kind, work):
    try:
        work()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def chat():
    raw = SANDBOX.chat.completions.with_raw_response.create(
        model="kimi-k2", messages=user("three small words"), temperature=0.7, max_tokens=512
    )
    completion = raw.parse()
    assert completion.choices[0].message.content == "three small words"
    assert completion.usage.total_tokens > 0
    assert int(float(raw.headers["openai-processing-ms"])) >= 0
    assert completion._request_id == raw.headers["x-request-id"]


def chat_streamed():
    stream = say(SANDBOX, "three small words", stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    words = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert "".join(words) == "three small words" and len(words) >= 3
    assert chunks[-1].usage.total_tokens > 0
    with SANDBOX.chat.completions.stream(model="kimi-k2", messages=user("by the helper")) as helper:
        for _ in helper:
            pass
        assert helper.get_final_completion().choices[0].message.content == "by the helper"


def chat_async():
    async def main():
        client = AsyncOpenAI(base_url=BASE_URL, api_key=os.environ["TEST_KEY"], max_retries=0)
        answers = await asyncio.gather(
            *(client.chat.completions.create(model="kimi-k2", messages=user(f"number {n}")) for n in range(20))
        )
        return [answer.choices[0].message.content for answer in answers]

    assert asyncio.run(main()) == [f"number {n}" for n in range(20)]


def tools():
    completion = say(SANDBOX, "use the tool", tools=[WEATHER])
    assert completion.choices[0].finish_reason == "tool_calls"
    assert completion.choices[0].message.tool_calls[0].function.name == "weather"


def structured_output():
    parsed = SANDBOX.chat.completions.parse(model="kimi-k2", messages=user("a boat"), response_format=Boat)
    assert isinstance(parsed.choices[0].message.parsed, Boat)


def vision():
    parts = [
        {"type": "text", "text": "what is this"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ]
    assert "what is this" in say(SANDBOX, parts).choices[0].message.content


def other_endpoints():
    assert "kimi-k2" in [model.id for model in SANDBOX.models.list()]
    vectors = SANDBOX.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
    assert len(vectors.data) == 2 and isinstance(vectors.data[0].embedding[0], float)
    assert SANDBOX.moderations.create(model="omni-moderation-latest", input="hello").results[0].flagged is False
    image = SANDBOX.images.generate(model="gpt-image-2", prompt="a boat").data[0]
    assert base64.b64decode(image.b64_json)[1:4] == b"PNG"
    sound = SANDBOX.audio.speech.create(model="voice", voice="alloy", input="hello").read()
    assert len(sound) > 40
    heard = SANDBOX.audio.transcriptions.create(model="ear", file=("a.mp3", sound))
    assert isinstance(heard.text, str)
    assert "once" in SANDBOX.completions.create(model="kimi-k2", prompt="once").choices[0].text


def authentication_error():
    wrong = OpenAI(base_url=BASE_URL, api_key="hs-live-wrong", max_retries=0)
    error = raised(openai.AuthenticationError, lambda: say(wrong, "hi"))
    assert error.code == "invalid_api_key" and "Incorrect API key provided" in error.message
    assert error.request_id


def bad_request_and_not_found():
    error = raised(openai.BadRequestError, lambda: say(SANDBOX, "hi", model="kimi-k22"))
    assert error.code == "model_not_found" and "Model 'kimi-k22' not found" in error.message
    raised(openai.NotFoundError, lambda: SANDBOX.models.retrieve("kimi-k22"))


def rate_limit_error():
    error = raised(openai.RateLimitError, lambda: say(SANDBOX, "sandbox:status=429,retry-after=2"))
    assert error.response.headers["retry-after"] == "2"
    limited = OpenAI(base_url=BASE_URL, api_key=os.environ["LIMITED_KEY"], max_retries=0)
    for _ in range(3):
        say(limited, "hi")
    error = raised(openai.RateLimitError, lambda: say(limited, "hi"))
    assert error.code == "rate_limit_exceeded" and "Rate limit reached" in error.message


def server_and_permission_errors():
    for status in (500, 502, 503, 504):
        error = raised(openai.InternalServerError, lambda: say(SANDBOX, f"sandbox:status={status}"))
        assert error.status_code == status
    raised(openai.PermissionDeniedError, lambda: say(SANDBOX, "sandbox:status=403"))


def timeout_error():
    hasty = SANDBOX.with_options(timeout=0.3)
    raised(openai.APITimeoutError, lambda: say(hasty, "sandbox:delay=3000ms"))


def connection_errors():
    nobody = OpenAI(base_url="http://127.0.0.1:9/v1", api_key="x", max_retries=0)
    raised(openai.APIConnectionError, lambda: say(nobody, "hi"))
    # A stream that is cut raises: in the stream itself, or when the connection goes.
    cut = lambda: list(say(SANDBOX, "sandbox:cut-after=3\none two three four five", stream=True))
    error = raised((openai.APIError, Exception), cut)
    assert isinstance(error, openai.APIError) or "incomplete" in str(error), repr(error)


def strict_kimi():
    completion = say(LIVE, "ping", temperature=0.7, max_tokens=512)
    assert completion.choices[0].message.content == "pong"
    raw = LIVE.chat.completions.with_raw_response.create(model="kimi-k2", messages=user("ping"), temperature=0.7)
    assert "temperature" in raw.headers["x-drover-warnings"]
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in say(LIVE, "ping", temperature=0.7, stream=True))
    assert streamed == "pong"


CHECKS = [
    chat,
    chat_streamed,
    chat_async,
    tools,
    structured_output,
    vision,
    other_endpoints,
    authentication_error,
    bad_request_and_not_found,
    rate_limit_error,
    server_and_permission_errors,
    timeout_error,
    connection_errors,
    strict_kimi,
]

for check in CHECKS:
    try:
        check()
        print(f"held: {check.__name__}", flush=True)
    except Exception:
        print(f"failed: {check.__name__}\n{traceback.format_exc()}", flush=True)
