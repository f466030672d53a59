"""An OpenAI program pointed at Drover: the base URL and the key are all that changed.

Run it:
    pip install openai
    DROVER_API_KEY=hs-test-... python main.py

DROVER_BASE_URL names another relay than http://127.0.0.1:4000/v1, MODEL another model than kimi-k2.
"""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("DROVER_BASE_URL", "http://127.0.0.1:4000/v1"),
    api_key=os.environ["DROVER_API_KEY"],
)

completion = client.chat.completions.create(
    model=os.environ.get("MODEL", "kimi-k2"),
    messages=[
        {"role": "system", "content": "You are a helpful assistant. Answer in one sentence."},
        {"role": "user", "content": "Why is the sky blue?"},
    ],
    temperature=0.7,
    max_tokens=512,
)

print(completion.choices[0].message.content)
