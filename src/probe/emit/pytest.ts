/** Staging tests for pytest, with nothing but Python's own library. */

import type { StagingRequest } from './staging.ts'
import { limits, stagingOf } from './staging.ts'

/** JSON as a Python literal in a string, so that true and null need no care. */
const loaded = (value: unknown): string => `json.loads(${JSON.stringify(JSON.stringify(value))})`

const head = ({
  baseUrl,
  model,
  keyVariable,
}: StagingRequest): string => `# Staging tests of an OpenAI-compatible endpoint, written by 'drover probe --emit pytest'.
#   ${keyVariable}=… DROVER_BASE_URL=… pytest FILE
import json
import os
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

BASE_URL = os.environ.get("DROVER_BASE_URL", ${JSON.stringify(baseUrl)}).rstrip("/")
MODEL = os.environ.get("DROVER_MODEL", ${JSON.stringify(model)})
KEY = os.environ.get(${JSON.stringify(keyVariable)}, "")
P99_MS = float(os.environ.get("DROVER_P99_MS", "${limits.p99Ms}"))
CALLS = int(os.environ.get("DROVER_CALLS", "${limits.calls}"))
# USD per million tokens, and per call at most. 0 leaves the price out.
PRICE_IN = float(os.environ.get("DROVER_PRICE_IN", "0"))
PRICE_OUT = float(os.environ.get("DROVER_PRICE_OUT", "0"))
USD_PER_CALL_MAX = float(os.environ.get("DROVER_USD_PER_CALL_MAX", "${limits.usdPerCallMax}"))
`

const library = `

def post(body, key=None, raw=None):
    data = raw if raw is not None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "authorization": "Bearer " + (KEY if key is None else key)}
    request = urllib.request.Request(BASE_URL + "/chat/completions", data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, dict((k.lower(), v) for k, v in answer.headers.items()), answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, dict((k.lower(), v) for k, v in refusal.headers.items()), refusal.read()


def ask(text, **more):
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], "max_tokens": 512, **more}


def events(body):
    return [line[5:].strip() for line in body.decode().splitlines() if line.startswith("data:")]


def error_of(body):
    error = json.loads(body).get("error")
    assert isinstance(error, dict) and error.get("message"), "no error.message in " + body[:200].decode()
    return error


def test_shape_and_model():
    status, _, body = post(ask("Say good morning."))
    assert status == 200, body[:300]
    answer = json.loads(body)
    choice = answer["choices"][0]
    assert answer["object"] == "chat.completion"
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] in ("stop", "length")
    assert choice["message"].get("content") or choice["message"].get("reasoning_content")
    assert answer["model"] == MODEL or answer["model"].startswith(MODEL) or MODEL.endswith(answer["model"])


def test_usage_adds_up():
    _, _, body = post(ask("Name three colours."))
    usage = json.loads(body)["usage"]
    assert usage["prompt_tokens"] > 0 and usage["completion_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_wrong_key_is_401():
    status, _, body = post(ask("Say OK."), key="sk-this-key-is-wrong-000000000000")
    assert status == 401
    error_of(body)


def test_unknown_model_is_refused():
    status, _, body = post({**ask("Say OK."), "model": "no-such-model"})
    assert status in (400, 404)
    error_of(body)


def test_broken_json_is_400():
    status, _, body = post(None, raw=b'{"model": ')
    assert status == 400
    error_of(body)


def test_a_burst_is_served_or_told_to_wait():
    with ThreadPoolExecutor(CALLS) as pool:
        answers = list(pool.map(lambda _: post(ask("Say OK.")), range(CALLS)))
    for status, headers, body in answers:
        assert status in (200, 429), body[:300]
        if status == 429:
            assert "retry-after" in headers or any("ratelimit" in name for name in headers)


def test_p99_is_within_its_limit():
    times = []
    for _ in range(CALLS):
        started = time.monotonic()
        status, _, body = post(ask("Say OK."))
        assert status == 200, body[:300]
        times.append((time.monotonic() - started) * 1000)
    p99 = sorted(times)[max(0, -(-99 * len(times) // 100) - 1)]
    assert p99 <= P99_MS, f"p99 of {len(times)} calls is {p99:.0f} ms"


def test_cost_of_a_call():
    _, headers, body = post(ask("Name three colours."))
    usage = json.loads(body)["usage"]
    usd = (usage["prompt_tokens"] * PRICE_IN + usage["completion_tokens"] * PRICE_OUT) / 1e6
    if "x-drover-cost" in headers:
        usd = float(headers["x-drover-cost"])
    assert 0 <= usd <= USD_PER_CALL_MAX
`

const stream = `

def test_a_stream_ends_as_one():
    status, headers, body = post(ask("Count to five.", stream=True))
    assert status == 200 and headers["content-type"].startswith("text/event-stream")
    data = events(body)
    assert data[-1] == "[DONE]"
    chunks = [json.loads(one) for one in data[:-1]]
    finishes = [c["finish_reason"] for chunk in chunks for c in chunk["choices"] if c.get("finish_reason")]
    assert len(finishes) == 1
`

const tools = `

TOOL = {"type": "function", "function": {"name": "get_weather", "description": "Gives the weather of a city.", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}


def test_a_tool_is_called():
    status, _, body = post(ask("Use the get_weather tool for Oslo.", tools=[TOOL]))
    assert status == 200, body[:300]
    choice = json.loads(body)["choices"][0]
    call = choice["message"]["tool_calls"][0]
    assert call["id"] and call["type"] == "function" and call["function"]["name"] == "get_weather"
    assert isinstance(json.loads(call["function"]["arguments"])["city"], str)
    assert choice["finish_reason"] == "tool_calls"
`

const sitesOf = (request: StagingRequest): string => {
  const { sites } = stagingOf(request)
  if (sites.length === 0) return ''
  const rows = sites.map(
    ({ name, parameters }) => `    pytest.param(${loaded(parameters)}, id=${JSON.stringify(name)}),`,
  )
  return `

@pytest.mark.parametrize("parameters", [
${rows.join('\n')}
])
def test_the_parameters_of_a_call_site_are_taken(parameters):
    body = {**ask("Say OK."), **parameters}
    if "max_completion_tokens" in parameters:
        body.pop("max_tokens")
    status, _, answer = post(body)
    assert status == 200, answer[:300]
`
}

/** The file. */
export const pytestFile = (request: StagingRequest): string => {
  const { usesStream, usesTools } = stagingOf(request)
  return `${head(request)}${library}${usesStream ? stream : ''}${usesTools ? tools : ''}${sitesOf(request)}`
}
