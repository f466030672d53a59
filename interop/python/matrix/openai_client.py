"""`openai`: chat and responses, with its stream helpers and its parsing."""

from openai import OpenAI
from told import Boat, Left, call, image_url, scene, told


def status_of(error):
    return getattr(error, "status_code", None)


def open(client, options):
    kind = Chat if client == "chat" else Responses
    return kind(OpenAI(base_url=options["url"] + "/v1", api_key=options["key"], max_retries=options["retriesMax"]))


class Chat:
    def __init__(self, client):
        self.client = client

    def ask(self, wish):
        text = {"type": "text", "text": wish["prompt"]}
        image = {"type": "image_url", "image_url": {"url": image_url()}}
        messages = [{"role": "system", "content": wish["system"]}] if wish.get("system") else []
        messages.append({"role": "user", "content": [text, image] if wish.get("image") else wish["prompt"]})
        return self.turn(wish, messages)

    def turn(self, wish, messages):
        body = {"model": wish["model"], "messages": messages}
        if wish.get("tool"):
            body["tools"] = [{"type": "function", "function": scene["weatherTool"]}]
        if wish.get("think"):
            body["reasoning_effort"] = "medium"
        parsed = None
        if wish.get("schema"):
            completion, pieces = self.client.chat.completions.parse(**body, response_format=Boat), 1
            parsed = completion.choices[0].message.parsed.model_dump()
        elif wish.get("stream"):
            return self.streamed(wish, messages, body)
        else:
            completion, pieces = self.client.chat.completions.create(**body), 1
        choice = completion.choices[0]
        message = choice.message.model_dump(exclude_none=True)
        message.pop("parsed", None)
        return self.shown(wish, messages, message, (choice.finish_reason, completion.usage, pieces, parsed))

    def streamed(self, wish, messages, body):
        """The helper puts text and calls together; what it does not know is gathered here."""
        pieces, thought, details = 0, "", []
        helper = self.client.chat.completions.stream(**body, stream_options={"include_usage": True})
        with helper as stream:
            for event in stream:
                if event.type == "content.delta":
                    pieces += 1
                    if wish.get("leave"):
                        raise Left
                if event.type == "chunk" and event.chunk.choices:
                    more = event.chunk.choices[0].delta.model_extra or {}
                    thought += more.get("reasoning_content") or ""
                    details += more.get("reasoning_details") or []
            completion = stream.get_final_completion()
        choice = completion.choices[0]
        known = choice.message.model_dump(exclude_none=True)
        message = {name: known[name] for name in ("role", "content", "tool_calls") if name in known}
        for one in message.get("tool_calls", []):
            one["function"].pop("parsed_arguments", None)
            one.pop("index", None)
        if thought:
            message["reasoning_content"] = thought
        if details:
            message["reasoning_details"] = details
        return self.shown(wish, messages, message, (choice.finish_reason, completion.usage, pieces, None))

    def shown(self, wish, messages, message, rest):
        finish, usage, pieces, parsed = rest
        calls = message.get("tool_calls") or []

        def go_on(results):
            answers = [
                {"role": "tool", "tool_call_id": one["id"], "content": result} for one, result in zip(calls, results)
            ]
            return self.turn(wish, [*messages, message, *answers])

        details, spent = usage.prompt_tokens_details, usage.completion_tokens_details
        figures = (
            usage.prompt_tokens,
            details and details.cached_tokens,
            usage.completion_tokens,
            spent and spent.reasoning_tokens,
        )
        return told(
            message.get("content") or "",
            [call(one["function"]["name"], one["function"]["arguments"]) for one in calls],
            finish,
            figures,
            message.get("reasoning_content") or "",
            pieces=pieces,
            parsed=parsed,
            next=go_on,
        )


class Responses:
    def __init__(self, client):
        self.client = client

    def ask(self, wish):
        text = {"type": "input_text", "text": wish["prompt"]}
        image = {"type": "input_image", "image_url": image_url(), "detail": "auto"}
        content = [text, image] if wish.get("image") else wish["prompt"]
        return self.turn(wish, [{"role": "user", "content": content}])

    def turn(self, wish, items):
        body = {"model": wish["model"], "input": items, "store": False}
        if wish.get("system"):
            body["instructions"] = wish["system"]
        if wish.get("tool"):
            body["tools"] = [{"type": "function", **scene["weatherTool"], "strict": True}]
        if wish.get("think"):
            body["reasoning"] = {"effort": "medium", "summary": "auto"}
            body["include"] = ["reasoning.encrypted_content"]
        pieces, parsed = 1, None
        if wish.get("schema"):
            response = self.client.responses.parse(**body, text_format=Boat)
            parsed = response.output_parsed.model_dump()
        elif wish.get("stream"):
            response, pieces = self.streamed(wish, body)
        else:
            response = self.client.responses.create(**body)
        return self.shown(wish, items, response, (pieces, parsed))

    def streamed(self, wish, body):
        pieces = 0
        with self.client.responses.stream(**body) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    pieces += 1
                    if wish.get("leave"):
                        raise Left
            return stream.get_final_response(), pieces

    def shown(self, wish, items, response, rest):
        pieces, parsed = rest
        calls = [item for item in response.output if item.type == "function_call"]
        thoughts = [item for item in response.output if item.type == "reasoning"]

        def go_on(results):
            answers = [
                {"type": "function_call_output", "call_id": one.call_id, "output": result}
                for one, result in zip(calls, results)
            ]
            said = [item.model_dump(exclude_none=True) for item in response.output]
            for item in said:
                item.pop("parsed_arguments", None)
            return self.turn(wish, [*items, *said, *answers])

        usage = response.usage
        figures = (
            usage.input_tokens,
            usage.input_tokens_details.cached_tokens,
            usage.output_tokens,
            usage.output_tokens_details.reasoning_tokens,
        )
        reason = response.incomplete_details and response.incomplete_details.reason
        return told(
            response.output_text,
            [call(one.name, one.arguments) for one in calls],
            reason or response.status,
            figures,
            "".join(part.text for item in thoughts for part in [*item.summary, *(item.content or [])]),
            pieces=pieces,
            parsed=parsed,
            next=go_on,
        )
