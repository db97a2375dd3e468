import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.platforms.envelope import Untrusted, aes_key, seal, signature, signed, unseal
from tests.platforms.posts import KEY, OLD_KEY

PEERS = Path(__file__).parent / "peers"


def raw(content: bytes, key: str = KEY) -> str:
    """Ciphers bytes as they are, however wrong their padding."""
    secret = aes_key(key)
    writer = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).encryptor()
    return base64.b64encode(writer.update(content) + writer.finalize()).decode()


def padded(content: bytes) -> bytes:
    pad = 32 - len(content) % 32
    return content + bytes([pad]) * pad


def opened(cipher: str, receiver: str = "corp") -> bytes:
    return unseal(cipher, keys=[aes_key(KEY)], receiver=receiver)


def test_the_official_vectors_open(vectors):
    told = vectors["wecom"]
    for kind in ("url_check", "message"):
        part = told[kind]
        cipher = part.get("echostr") or part["encrypt"]
        assert (
            signature(told["token"], part["timestamp"], part["nonce"], cipher)
            == part["msg_signature"]
        )
        plain = unseal(
            cipher, keys=[aes_key(told["encoding_aes_key"])], receiver=told["receiveid"]
        ).decode()
        assert part.get("plain", part.get("plain_contains")) in plain


def test_every_padding_made_by_independent_peers_opens(peers):
    keys = [aes_key(peers["key"])]
    for one in peers["sealed"]:
        assert (
            unseal(one["encrypt"], keys=keys, receiver=peers["receiver"]).decode() == one["text"]
        )
        parts = (peers["timestamp"], peers["nonce"], one["encrypt"])
        assert signed(one["signature"], [peers["token"]], *parts)
    assert {(20 + len(one["text"].encode()) + 18) % 32 for one in peers["sealed"]} == set(
        range(32)
    )


def test_what_we_seal_we_open_at_every_length():
    for length in range(1, 201):
        text = b"x" * length
        assert opened(seal(text, key=aes_key(KEY), receiver="corp")) == text


@pytest.mark.skipif(
    not shutil.which("node") or not (PEERS / "node_modules").is_dir(),
    reason="needs node and `npm install` in tests/platforms/peers",
)
def test_independent_peers_open_what_we_seal(peers):
    texts = ["好" + "y" * n for n in range(64)]
    ciphers = [seal(t.encode(), key=aes_key(KEY), receiver="corp") for t in texts]
    asked = {"key": KEY, "token": "t", "receiver": "corp", "ciphers": ciphers}
    command = [shutil.which("node"), "make_vectors.mjs", "open"]
    ran = subprocess.run(
        command, cwd=PEERS, input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    for text, cipher, answer in zip(texts, ciphers, json.loads(ran.stdout), strict=True):
        for peer in ("@wecom/crypto", "wechat-crypto"):
            assert (answer[peer]["message"], answer[peer]["id"]) == (text, "corp")
        assert answer["signature"] == signature("t", peers["timestamp"], peers["nonce"], cipher)


def test_either_key_opens_during_rotation():
    both = [aes_key(KEY), aes_key(OLD_KEY)]
    for key in (KEY, OLD_KEY):
        cipher = seal(b"hello", key=aes_key(key), receiver="corp")
        assert unseal(cipher, keys=both, receiver="corp") == b"hello"


@pytest.mark.parametrize("receiver", ["", "corpse", "cor", "suite", "Corp"])
def test_a_message_for_someone_else_is_refused(receiver):
    with pytest.raises(Untrusted):
        opened(seal(b"hello", key=aes_key(KEY), receiver=receiver))


@pytest.mark.parametrize(
    "cipher",
    [
        "",
        "AAAA",
        "A" * 22 + "==",
        "!" * 44,
        "é" * 44,
        "-_" * 22,
        "A" * 43 + "\n=",
        " " + "A" * 43 + "=",
    ]
    + [base64.b64encode(b"x" * n).decode() for n in (16, 31, 33, 48, 65)],
)
def test_what_is_not_whole_strict_base64_blocks_is_refused(cipher):
    with pytest.raises(Untrusted):
        opened(cipher)


GOOD = b"r" * 16 + (5).to_bytes(4, "big") + b"hellocorp"


@pytest.mark.parametrize(
    "content",
    [
        GOOD + b"\x00" * 3,
        GOOD[:-1] + b"\x21" * 4,
        GOOD + b"\xff" * 3,
        GOOD + b"\x02\x03\x03",
        b"\x20" * 31 + b"\x1f",
        b"\x20" * 32,
        padded(b"r" * 12),
        *(
            padded(b"r" * 16 + n.to_bytes(4, "big") + b"hellocorp")
            for n in (0, 4, 6, 9, 2**31, 2**32 - 1)
        ),
    ],
)
def test_wrong_paddings_and_lengths_are_refused(content):
    assert opened(raw(padded(GOOD))) == b"hello"
    with pytest.raises(Untrusted):
        opened(raw(content))


def test_a_refusal_tells_nothing_to_outsiders():
    with pytest.raises(Untrusted) as refusal:
        opened("AAAA")
    assert str(refusal.value) == "untrusted"
    assert refusal.value.reason == "length"


@pytest.mark.parametrize("key", ["", "short", KEY + "A", KEY[:-1] + "!", "é" * 43])
def test_a_wrong_key_is_named_at_the_start(key):
    with pytest.raises(ValueError):
        aes_key(key)
