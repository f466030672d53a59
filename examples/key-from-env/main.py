"""The key comes from the environment, is checked for its form before anything is sent, and is never printed.

Run it:
    pip install openai
    DROVER_API_KEY=hs-test-... python main.py

DROVER_BASE_URL names another relay than http://127.0.0.1:4000/v1.
"""

import os
import sys

from openai import AuthenticationError, OpenAI

KEY_FORMS = ("hs-live-", "hs-test-", "sk-")


def key_from_environment() -> str:
    """The key, or the end of the program with a sentence that says what is wrong."""
    key = os.environ.get("DROVER_API_KEY", "").strip()
    if not key:
        sys.exit("DROVER_API_KEY is not set. Make a key with: drover keys create --name my-program")
    if not key.startswith(KEY_FORMS):
        sys.exit(f"DROVER_API_KEY does not look like a key: it begins with none of {', '.join(KEY_FORMS)}")
    return key


client = OpenAI(
    base_url=os.environ.get("DROVER_BASE_URL", "http://127.0.0.1:4000/v1"),
    api_key=key_from_environment(),
)

try:
    models = client.models.list()
except AuthenticationError as error:
    sys.exit(f"The relay does not know this key: {error.message}")

print(f"The key works and may use {len(models.data)} models.")
