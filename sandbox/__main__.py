"""TEST USE ONLY: ``python -m sandbox --port 9401``: serves the stand-in world until it is told to stop."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from types import FrameType

from sandbox.server import open_server
from sandbox.world import DEFAULT_SCOPES, Options, World


def options_from(arguments: Sequence[str], env: Mapping[str, str]) -> Options:
    """Read the command line; what it leaves out comes from the environment, then from the defaults."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=9401, help="port on 127.0.0.1; 0: a free one")
    parser.add_argument(
        "--app-url", default=env.get("BACKSTOP_URL") or Options(port=0).app_url, help="where the app is"
    )
    parser.add_argument("--api-key", default=env.get("SHOPIFY_API_KEY") or Options(port=0).api_key)
    secrets = env.get("SHOPIFY_API_SECRET") or ",".join(Options(port=0).api_secrets)
    parser.add_argument("--api-secret", default=secrets, help="comma-separated, newest first, as the app has it")
    parser.add_argument("--scopes", default=DEFAULT_SCOPES, help="comma-separated; what new shops grant")
    parser.add_argument("--keep", type=int, default=Options(port=0).kept, help="webhooks that are remembered")
    said = parser.parse_args(arguments)
    return Options(
        port=said.port,
        app_url=said.app_url,
        api_key=said.api_key,
        api_secrets=words(said.api_secret),
        scopes=words(said.scopes),
        kept=said.keep,
        meta_app_id=env.get("META_APP_ID") or Options(port=0).meta_app_id,
        meta_app_secret=env.get("META_APP_SECRET") or Options(port=0).meta_app_secret,
        meta_config_id=env.get("META_CONFIG_ID") or Options(port=0).meta_config_id,
    )


def words(text: str) -> tuple[str, ...]:
    """A comma-separated list."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def main() -> int:
    """Serve until interrupted or terminated."""
    options = options_from(sys.argv[1:], os.environ)
    world = World(options)
    server = open_server(world)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    sys.stdout.write(f"TEST USE ONLY: sandbox on http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.server_close()
        world.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
