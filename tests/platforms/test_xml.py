import pytest

from bot.platforms.xml import Unreadable, check, parse


def test_leaves_keep_their_whitespace_and_repeated_tags_become_lists():
    found = parse(
        "<xml><Content><![CDATA[  你好 \n]]></Content><L>\n <Item>a</Item> <Item>b</Item></L><E/></xml>".encode()
    )
    assert found == {"Content": "  你好 \n", "L": {"Item": ["a", "b"]}, "E": ""}


def test_text_split_over_cdata_sections_is_whole():
    assert parse(b"<xml><C><![CDATA[a]]]]><![CDATA[>b]]>&amp;c</C></xml>") == {"C": "a]]>b&c"}


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"text",
        b"<xml><a></xml>",
        b"<xml/><xml/>",
        b"<!DOCTYPE xml><xml/>",
        b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><xml><a>&a;</a></xml>",
        b"<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/'>%p;]><xml/>",
        b"<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><xml>&b;</xml>",
        b"<xml>&unknown;</xml>",
        b"<a>" * 17 + b"</a>" * 17,
        b"<xml>" + b"<a/>" * 512 + b"</xml>",
        b"<xml>\x00</xml>",
        "<xml>好</xml>".encode("gbk"),
        "<xml>ab</xml>".encode("utf-16"),
        b"<xml>&#0;</xml>",
    ],
)
def test_what_a_platform_would_not_send_is_unreadable(document):
    with pytest.raises(Unreadable):
        parse(document)
    with pytest.raises(Unreadable):
        check(document)


def test_depth_and_size_up_to_the_limits_are_read():
    deep, wide = b"<a>" * 16 + b"</a>" * 16, b"<xml>" + b"<a/>" * 511 + b"</xml>"
    check(deep)
    check(wide)
    assert parse(deep)
    assert len(parse(wide)["a"]) == 511
