"""How often a token may call: a fixed window of a minute, counted in the broker's Redis for all processes at once."""

import time
from typing import Any

from redis import Redis
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from adaptive.api.broker import ask
from adaptive.conf import settings

WINDOW_SECONDS = 60


class TokenThrottle(BaseThrottle):
    """ADAPTIVE["REQUESTS_PER_MINUTE"] for each token; 0 means no limit. Without the broker nobody is refused."""

    def allow_request(self, request: Request, view: Any) -> bool:
        most = settings().requests_per_minute
        if request.auth is None or most <= 0:
            return True
        window = int(time.time() // WINDOW_SECONDS)
        key = f"adaptive:calls:{request.auth.pk}:{window}"

        def count(redis: Redis) -> int:
            with redis.pipeline(transaction=False) as pipe:
                pipe.incr(key)
                pipe.expire(key, 2 * WINDOW_SECONDS)
                return pipe.execute()[0]

        n = ask(count)
        return n is None or n <= most

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS
