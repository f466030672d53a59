"""`anthropic`: messages, its stream helper, its parsing, and its tool runner."""

from anthropic import Anthropic, beta_tool
from told import Boat, Left, call, scene, told, weather_of

OUTPUT_MAX = 4000


def status_of(error):
    return getattr(error, "status_code", None)


def open(_client, options):
    return Messages(Anthropic(base_url=options["url"], api_key=options["key"], max_retries=options["retriesMax"]))


class Messages:
    def __init__(self, client):
        self.client = client

    def ask(self, wish):
        text = {"type": "text", "text": wish["prompt"]}
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": scene["png"]}}
        content = [text, image] if wish.get("image") else wish["prompt"]
        return self.turn(wish, [{"role": "user", "content": content}])

    def turn(self, wish, messages):
        tool = scene["weatherTool"]
        body = {"model": wish["model"], "max_tokens": OUTPUT_MAX, "messages": messages}
        if wish.get("system"):
            body["system"] = wish["system"]
        if wish.get("tool"):
            described = {"name": tool["name"], "description": tool["description"]}
            body["tools"] = [{**described, "input_schema": tool["parameters"]}]
        if wish.get("think"):
            body["thinking"] = {"type": "enabled", "budget_tokens": 2000}
        pieces, parsed = 1, None
        if wish.get("schema"):
            message = self.client.messages.parse(**body, output_format=Boat)
            parsed = message.parsed_output.model_dump()
        elif wish.get("stream"):
            message, pieces = self.streamed(wish, body)
        else:
            message = self.client.messages.create(**body)
        return self.shown(wish, messages, message, (pieces, parsed))

    def streamed(self, wish, body):
        pieces = 0
        with self.client.messages.stream(**body) as stream:
            for _text in stream.text_stream:
                pieces += 1
                if wish.get("leave"):
                    raise Left
            return stream.get_final_message(), pieces

    def shown(self, wish, messages, message, rest):
        pieces, parsed = rest
        calls = [block for block in message.content if block.type == "tool_use"]

        def go_on(results):
            answers = [
                {"type": "tool_result", "tool_use_id": one.id, "content": result} for one, result in zip(calls, results)
            ]
            said = {"role": "assistant", "content": message.content}
            return self.turn(wish, [*messages, said, {"role": "user", "content": answers}])

        usage = message.usage
        cached = usage.cache_read_input_tokens
        details = getattr(usage, "output_tokens_details", None)
        figures = (
            usage.input_tokens + (cached or 0) + (usage.cache_creation_input_tokens or 0),
            cached,
            usage.output_tokens,
            getattr(details, "thinking_tokens", None),
        )
        return told(
            "".join(block.text for block in message.content if block.type == "text"),
            [call(one.name, one.input) for one in calls],
            message.stop_reason,
            figures,
            "".join(block.thinking for block in message.content if block.type == "thinking"),
            pieces=pieces,
            parsed=parsed,
            next=go_on,
        )

    def run_tools(self, wish):
        cities = []

        @beta_tool(name="weather", description=scene["weatherTool"]["description"])
        def weather(city: str) -> str:
            cities.append(city)
            return weather_of(city)

        runner = self.client.beta.messages.tool_runner(
            model=wish["model"],
            max_tokens=OUTPUT_MAX,
            messages=[{"role": "user", "content": wish["prompt"]}],
            tools=[weather],
        )
        message = runner.until_done()
        return {"text": "".join(block.text for block in message.content if block.type == "text"), "cities": cities}
