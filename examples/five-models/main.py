"""One client, one key, five models of five vendors in one program.

Run it:
    pip install openai
    DROVER_API_KEY=hs-test-... python main.py

With a test key the sandbox answers and no provider is needed; with a live key the same ids go to the real ones.
DROVER_BASE_URL names another relay than http://127.0.0.1:4000/v1.
"""

import os

from openai import OpenAI

MODELS = ["kimi-k2", "gpt-4.1", "claude-sonnet-4.5", "gemini-2.5-flash", "deepseek-v3.2"]

client = OpenAI(
    base_url=os.environ.get("DROVER_BASE_URL", "http://127.0.0.1:4000/v1"),
    api_key=os.environ["DROVER_API_KEY"],
)

for model in MODELS:
    completion = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": f"Hello, {model}!"}],
    )
    tokens = completion.usage.total_tokens if completion.usage else "unknown"
    print(f"{model}: {completion.choices[0].message.content} ({tokens} tokens)")
