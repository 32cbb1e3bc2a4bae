"""Two replicas behind the proxy, on one PostgreSQL: one dies, the other stops in its own time."""

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_app.classroom import codes
from tests.benchmarks.visitors import Visitor
from tests.browser.conftest import WIDE, draw, expect_answer, wait_until_quiet
from tests.support import asynchronous
from tests.support.handwriting import Stroke
from tests.support.postgres import fresh_database
from tests.support.proxy import CONFIGURATION, no_haproxy, proxy, status, wait_until_ready
from tests.support.serving import Server, free_port, serve

pytestmark = pytest.mark.skipif(no_haproxy() is not None, reason=no_haproxy() or "")
ONE: Stroke = [(50, 20), (50, 80)]
BAR: Stroke = [(20, 20), (50, 20)]
ZERO: Stroke = [(50, 20), (80, 50), (50, 80), (20, 50), (50, 20)]
BASE = "/lab"
PAGE = "text/html"


@pytest.fixture
def replicas(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, list[Server]]]:
    """The proxy's address, and the two replicas behind it."""
    monkeypatch.setenv("MNIST_APP_DRAIN_SECONDS", "60")
    ports = [free_port() for _ in range(2)]
    with ExitStack() as stack:
        store = stack.enter_context(fresh_database(postgres))
        monkeypatch.setenv("MNIST_APP_STORE", store)
        servers = [
            stack.enter_context(serve(tmp_path / f"{port}.log", base=BASE, port=port, wait=False))
            for port in ports
        ]
        for server in servers:
            wait_until_ready(server.url)
        yield stack.enter_context(proxy(tmp_path, ports, BASE)), servers


def test_a_visitor_goes_on_at_another_replica(
    replicas: tuple[str, list[Server]], browser: Browser
) -> None:
    url, servers = replicas
    context = browser.new_context(viewport=WIDE, bypass_csp=True)
    one, other = _open(context.new_page(), url), _open(context.new_page(), url)
    draw(one, [ONE])
    expect_answer(one, 1)
    one.get_by_test_id("stSidebar").get_by_role("combobox").click()
    one.get_by_role("option", name="One layer").click()
    draw(other, [ZERO])
    expect_answer(other, 0)
    wait_until_quiet(one)
    time.sleep(1.2)  # all is written by now
    left, dying = sorted(servers, key=_pages)  # the proxy asks both for a moment, too
    dying.process.kill()
    killed_at = time.monotonic()
    draw(one, [BAR])  # nobody hears it now
    while _pages(left) < 2:
        assert time.monotonic() - killed_at < 10
        time.sleep(0.1)
    for page, answer in ((one, 7), (other, 0)):
        wait_until_quiet(page)
        expect_answer(page, answer)
    time.sleep(1.2)
    new = _open(context.new_page(), url)
    expect_answer(new, 7)  # what was drawn last, and the network that was chosen there
    network = new.get_by_test_id("stSidebar").get_by_role("combobox")
    expect(network).to_have_value(re.compile("^One layer · "))
    context.close()
    asynchronous.run(_drain(left, url))


async def _drain(server: Server, url: str) -> None:
    """Stop a replica while somebody is there."""
    visitor = Visitor(url)
    await visitor.enter()
    server.process.terminate()
    while status(server.url) != 404:
        assert server.process.is_running()
    assert status(server.url, "/", PAGE) == 503
    assert (await visitor.draw(1)).answer == "1"
    await visitor.leave()
    psutil.wait_procs([server.process], timeout=5)
    assert not server.process.is_running()


@pytest.mark.parametrize("base", ["", "/lab"])
def test_the_configuration_is_one(base: str, tmp_path: Path) -> None:
    """With TLS and without; names that only a cluster's DNS knows are no error."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    openssl += ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(openssl, check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + key.read_text())
    for environment in ({"BASE_PATH": base}, {"CERTIFICATE": str(certificate)}):
        command = ["/usr/sbin/haproxy", "-c", "-f", str(CONFIGURATION)]
        subprocess.run(command, check=True, capture_output=True, env=environment)


class _Nobody(BaseHTTPRequestHandler):
    """A replica with pages and without rooms."""

    def do_GET(self) -> None:
        self._answer(200)

    def do_POST(self) -> None:
        self._answer(404)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, code: int) -> None:
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_the_proxy_counts_wrong_codes_of_an_address(tmp_path: Path) -> None:
    """Over all replicas; other addresses and other requests go on."""
    with ExitStack() as stack:
        ports = []
        for _ in range(2):
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _Nobody))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            ports.append(server.server_port)
        host = urlsplit(stack.enter_context(proxy(tmp_path, ports))).netloc
        guesses = [_ask(host, "POST", "/rooms/enter")[0] for _ in range(102)]
        assert guesses == [404] * 101 + [429]
        said = json.loads(_ask(host, "POST", "/rooms/enter")[1])
        assert said == {"reason": "fast", "sentence": codes.TOO_MANY}
        assert _ask(host, "GET", "/")[0] == 200
        assert _ask(host, "POST", "/rooms/enter", "127.0.0.2")[0] == 404


def _ask(host: str, method: str, path: str, address: str = "127.0.0.1") -> tuple[int, bytes]:
    """Return status and content of an answer to somebody at a loopback address."""
    connection = HTTPConnection(host, source_address=(address, 0))
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def _open(page: Page, url: str) -> Page:
    page.goto(url)
    page.locator("canvas.upper-canvas").wait_for()
    wait_until_quiet(page)
    return page


def _pages(server: Server) -> int:
    """Return how many connections a replica has that the proxy holds open."""
    return sum(one.status == "ESTABLISHED" for one in server.process.net_connections())
