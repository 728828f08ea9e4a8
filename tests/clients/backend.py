"""A backend with the unmodified server library of Pusher from PyPI: told what to publish by lines of JSON.

    PYTHONPATH=tests/clients/python_modules python3 backend.py
"""

import json
import sys

import pusher


def tell(event):
    print(json.dumps(event), flush=True)


def configure(app, key, secret, host, port):
    global client
    client = pusher.Pusher(app_id=app, key=key, secret=secret, host=host, port=port, ssl=False)


def trigger(channels, event, data, socket=None):
    tell({"status": 200, "body": client.trigger(channels, event, data, socket)})


def batch(events):
    tell({"status": 200, "body": client.trigger_batch(events)})


def channels(prefix=None, info=()):
    tell({"status": 200, "body": client.channels_info(prefix, list(info))})


def channel(name, info=()):
    tell({"status": 200, "body": client.channel_info(name, list(info))})


def users(name):
    tell({"status": 200, "body": client.users_info(name)})


def terminate(user):
    tell({"status": 200, "body": client.terminate_user_connections(user)})


def authorize(socket, channel, user=None):
    tell({"signed": client.authenticate(channel, socket, user)})


DEEDS = {
    deed.__name__: deed
    for deed in (configure, trigger, batch, channels, channel, users, terminate, authorize)
}

for line in sys.stdin:
    details = json.loads(line)
    try:
        DEEDS[details.pop("do")](**details)
    except Exception as error:  # whatever it is, the test is to see it
        tell({"status": None, "error": f"{type(error).__name__}: {error}"})
