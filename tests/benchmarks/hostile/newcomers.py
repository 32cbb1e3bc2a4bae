"""Idle sockets that take the places, and somebody who then wants to come in."""

import asyncio
import re
import secrets
import time
import urllib.error
import urllib.request

from tests.benchmarks.hostile.siege import start_attacker
from tests.benchmarks.visitors import Visitor, wait_for_answer
from tests.support.serving import Server


async def meet(server: Server, idle: int, *options: str) -> str:
    """Open `idle` sockets that say nothing, and return how a newcomer fares then."""
    await wait_for_answer(server.url)
    attacker = await start_attacker(server, "--idle", str(idle), *options)
    assert attacker.stdout is not None
    try:
        opened = (await attacker.stdout.readline()).decode().strip()
        page = await asyncio.to_thread(ask_for_page, server.url)
        files = server.process.num_fds()
        return f"{opened} open, {files} descriptors; page: {page}; {await enter(server.url)}"
    finally:
        attacker.kill()
        await attacker.wait()


def ask_for_page(url: str, visitor: str = "") -> str:
    """Return what a browser gets: the status, and the sentence where it is told why not."""
    headers = {"accept": "text/html", "cookie": f"mnist_lab_visitor={visitor}"}
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(answer.status)
    except urllib.error.HTTPError as error:
        reason = re.search(r'role="status">([^<]*)', error.read().decode())
        return f"{error.code} {reason.group(1) if reason else 'without a word'}"
    except OSError as error:
        return repr(error)


async def enter(url: str) -> str:
    """Come in and draw, and say how it went."""
    began = time.perf_counter()
    visitor = Visitor(url, cookie=f"mnist_lab_visitor={secrets.token_hex(16)}")
    try:
        async with asyncio.timeout(10):
            await visitor.enter()
            run = await visitor.draw(7)
    except Exception as error:
        return f"newcomer: {error!r}"
    return f"newcomer: answered {run.answer!r} after {time.perf_counter() - began:.1f} s"
