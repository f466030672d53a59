"""`google-genai`: its chats, which keep the history, and its automatic calls of functions."""

import base64

from google import genai
from google.genai import errors, types
from told import Boat, Left, call, scene, told, weather_of


def status_of(error):
    return error.code if isinstance(error, errors.APIError) else None


def open(_client, options):
    retry = types.HttpRetryOptions(attempts=options["retriesMax"] + 1, initial_delay=0.1, max_delay=1)
    http = types.HttpOptions(base_url=options["url"], retry_options=retry)
    return Gemini(genai.Client(api_key=options["key"], http_options=http))


class Gemini:
    def __init__(self, client):
        self.client = client

    def ask(self, wish):
        tool = scene["weatherTool"]
        settings = {}
        if wish.get("system"):
            settings["system_instruction"] = wish["system"]
        if wish.get("tool"):
            declaration = types.FunctionDeclaration(
                name=tool["name"], description=tool["description"], parameters_json_schema=tool["parameters"]
            )
            settings["tools"] = [types.Tool(function_declarations=[declaration])]
        if wish.get("schema"):
            settings |= {"response_mime_type": "application/json", "response_schema": Boat}
        if wish.get("think"):
            settings["thinking_config"] = types.ThinkingConfig(include_thoughts=True)
        chat = self.client.chats.create(model=wish["model"], config=types.GenerateContentConfig(**settings))
        message = [types.Part(text=wish["prompt"])]
        if wish.get("image"):
            message.append(types.Part.from_bytes(data=base64.b64decode(scene["png"]), mime_type="image/png"))
        return self.turn(wish, chat, message)

    def turn(self, wish, chat, message):
        responses, pieces = [], 0
        if wish.get("stream"):
            for chunk in chat.send_message_stream(message):
                responses.append(chunk)
                if any(part.text and not part.thought for part in parts_of([chunk])):
                    pieces += 1
                    if wish.get("leave"):
                        raise Left
        else:
            responses, pieces = [chat.send_message(message)], 1
        return self.shown(wish, chat, responses, pieces)

    def shown(self, wish, chat, responses, pieces):
        parts = parts_of(responses)
        calls = [part.function_call for part in parts if part.function_call]

        def go_on(results):
            answers = [
                types.Part(
                    function_response=types.FunctionResponse(id=one.id, name=one.name, response={"result": result})
                )
                for one, result in zip(calls, results)
            ]
            return self.turn(wish, chat, answers)

        usage = next((one.usage_metadata for one in reversed(responses) if one.usage_metadata), None)
        thought = usage.thoughts_token_count
        figures = (
            usage.prompt_token_count,
            usage.cached_content_token_count,
            (usage.candidates_token_count or 0) + (thought or 0),
            thought,
        )
        reasons = [one.candidates[0].finish_reason for one in responses if one.candidates]
        finish = next((reason for reason in reversed(reasons) if reason), None)
        parsed = responses[-1].parsed.model_dump() if wish.get("schema") else None
        return told(
            "".join(part.text or "" for part in parts if not part.thought),
            [call(one.name, one.args) for one in calls],
            finish and finish.value,
            figures,
            "".join(part.text or "" for part in parts if part.thought),
            pieces=pieces,
            parsed=parsed,
            next=go_on,
        )

    def run_tools(self, wish):
        cities = []

        def weather(city: str) -> str:
            """The weather of a city."""
            cities.append(city)
            return weather_of(city)

        config = types.GenerateContentConfig(tools=[weather])
        answer = self.client.models.generate_content(model=wish["model"], contents=wish["prompt"], config=config)
        return {"text": answer.text, "cities": cities}


def parts_of(responses):
    contents = [one.candidates[0].content for one in responses if one.candidates]
    return [part for content in contents if content for part in content.parts or []]
