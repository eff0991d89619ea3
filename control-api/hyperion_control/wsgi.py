"""From the environment to the application: what gunicorn loads."""

import os

from flask import Flask

from hyperion_control.app import create_app
from hyperion_control.settings import Settings
from hyperion_control.usecases.parts import Parts


def build() -> Flask:
    return create_app(Parts.build(Settings.from_env(os.environ)))
