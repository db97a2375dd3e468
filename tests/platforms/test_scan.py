import time

import pytest

from bot.platforms.envelope import Untrusted
from bot.platforms.scan import encrypted


@pytest.mark.parametrize(
    "body",
    [
        b"<xml><Encrypt>QUJD</Encrypt></xml>",
        b"<xml><Encrypt><![CDATA[QUJD]]></Encrypt><AgentID/></xml>",
        b"\n<?xml version='1.0' encoding='GBK'?><xml><Encrypt>\n QUJD \n</Encrypt></xml>\n",
        b"<xml><Content><![CDATA[<!-- <Encrypt>x</Encrypt> <!DOCTYPE]]></Content><Encrypt>QUJD</Encrypt></xml>",
        b'{"tousername":"x","encrypt":"QUJD","agentid":""}',
        b'{"ToUserName":"x","Encrypt":"QUJD"}',
    ],
)
def test_the_one_cipher_text_is_found(body):
    assert encrypted(body) == "QUJD"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<xml></xml>",
        b"<xml><Encrypt></Encrypt></xml>",
        b"<xml><Encrypt>QUJD</xml>",
        b"<xml><Encrypt>QUJD</Encrypt><Encrypt>QUJD</Encrypt></xml>",
        b"<xml><Encrypt>QU<!-- -->JD</Encrypt></xml>",
        b"<xml><Encrypt><![CDATA[QU]]><![CDATA[JD]]></Encrypt></xml>",
        b"<xml><Encrypt a='b'>QUJD</Encrypt></xml>",
        b"<xml xmlns:x='y'><x:Encrypt>QUJD</x:Encrypt></xml>",
        b"<xml><!-- <Encrypt>QUJD</Encrypt> --></xml>",
        b"<!DOCTYPE xml SYSTEM 'file:///etc/passwd'><xml><Encrypt>QUJD</Encrypt></xml>",
        b"<xml><!ENTITY a 'b'><Encrypt>QUJD</Encrypt></xml>",
        b"<?xml version='1.0'?><?xml-stylesheet href='http://x/'?><xml><Encrypt>QUJD</Encrypt></xml>",
        b"\xef\xbb\xbf<xml><Encrypt>QUJD</Encrypt></xml>",
        "<xml><Encrypt>QUJD</Encrypt></xml>".encode("utf-16"),
        b"<xml><Encrypt>\xc3\xa9QUJ</Encrypt></xml>",
        b'{"encrypt":"QUJD","encrypt":"QUJD"}',
        b'{"encrypt":"QUJD","Encrypt":"QUJD"}',
        b'{"encrypt":["QUJD"]}',
        b'{"encrypt":"QUJD"',
        b"{" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_anything_but_exactly_one_is_refused(body):
    with pytest.raises(Untrusted):
        encrypted(body)


@pytest.mark.parametrize(
    "body",
    [
        b"<a>" * 80_000,
        b"<![CDATA[" * 28_000,
        b"<x>" + b"<Encrypt>" * 28_000,
        b"<xml>" + b"&a;" * 80_000,
    ],
)
def test_hostile_bodies_cost_next_to_nothing(body):
    began = time.perf_counter()
    with pytest.raises(Untrusted):
        encrypted(body)
    assert time.perf_counter() - began < 0.05
