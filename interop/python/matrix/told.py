"""What is the same for every client: the scene that was sent, and the shape of what is told."""

import json

from pydantic import BaseModel

scene = {}


class Boat(BaseModel):
    name: str
    sails: int


class Left(Exception):
    """The caller went after the first piece, as it was asked to."""


def told(text, calls, finish, usage, thought, pieces=1, parsed=None, next=None):
    names = ("input", "cached", "output", "reasoning")
    return {
        "text": text,
        "pieces": pieces,
        "calls": calls,
        "finish": finish,
        "usage": dict(zip(names, usage)),
        "thought": thought,
        "parsed": parsed,
        "next": next,
    }


def call(name, arguments):
    value = json.loads(arguments) if isinstance(arguments, str) else arguments
    return {"name": name, "city": value.get("city")}


def weather_of(city):
    return scene["weatherOf"].get(city, "?")


def image_url():
    return "data:image/png;base64," + scene["png"]
