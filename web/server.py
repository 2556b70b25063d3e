"""Gunicorn's configuration: `gunicorn --config python:web.server 'web:create_app()'`."""

from __future__ import annotations

from assistant.settings import Settings

_settings = Settings.load()

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.workers
# The model and index are read once and shared by the workers.
preload_app = True
worker_class = "gthread"
threads = 4
timeout = 60
graceful_timeout = 20
# What people ask is nobody's business: no request is written down.
accesslog = None
