"""Whatever is wrong is told at once, with file, line, what and how to mend it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from bot.cli.content import check_content


def test_the_content_that_ships_is_right(folder):
    assert folder.mistakes() == []


def test_every_mistake_is_told_at_once(folder):
    folder.change("brand.yaml", "bot: 小禾", "bott: 小禾")
    folder.change("offers.yaml", "kind: gift", "kind: freebie")
    folder.change("playbooks/vip-preview.yaml", "template: vip/preview", "template: vip/preveiw")
    folder.change("templates/vip/gift.j2", "{{ 称呼 }}", "{{ 称乎 }}")
    files = {mistake.split(":")[0] for mistake in folder.mistakes()}
    assert {"brand.yaml", "offers.yaml", "playbooks/vip-preview.yaml"} <= files
    assert "templates/vip/gift.j2" in files


def test_a_mistake_names_its_line_and_its_mend(folder):
    folder.change("playbooks/newcomer-week.yaml", "offer: newcomer}", "offer: newcomr}")
    (mistake,) = folder.mistakes()
    assert mistake.startswith("playbooks/newcomer-week.yaml:15: 没有权益「newcomr」 — ")


def test_a_third_promotion_in_a_row_is_told_as_on_the_groups_calendar(folder):
    folder.change(
        "groups.yaml", "mix: [knowledge, benefit, play]", "mix: [benefit, benefit, benefit]"
    )
    folder.change(
        "groups.yaml", "knowledge: [rooms/washing, rooms/fabric]", "knowledge: [vip/gift]"
    )
    text, row = folder.mistakes()
    assert row == (
        "groups.yaml:53: 连着 3 条都是福利，发到第三条就会被压下 — 中间插一条干货或互动；转一圈回到开头也算连着"
    )
    assert "不能发到群里 — 换一段写给客户群的话术" in text


def test_a_broken_file_is_told_once_and_not_by_everybody_who_names_it(folder):
    folder.change("groups.yaml", "mix: [knowledge, play]", "mix: [benefit]")
    (mistake,) = folder.mistakes()
    assert "mix 里有福利，texts 里却没有它的话术 — 给它写一段" in mistake


def test_an_unknown_fact_is_named_with_the_nearest_known(folder):
    folder.template("第一行\n{{ offer.wroth }}")
    assert folder.mistakes() == [
        "templates/mine/text.j2:7: 「offer」里没有「wroth」 — 是不是「worth」？"
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("playbooks/welcome.yaml", "tactic:", "tacticc:", "不认识「tacticc」"),
        ("playbooks/newcomer-week.yaml", "value: 0}", "value: many}", "应是整数"),
        ("playbooks/weekly-core.yaml", "segment: core", "segment: croe", "没有分群「croe」"),
        ("playbooks/potential-ladder.yaml", "group: benefit", "group: benfit", "没有群「benfit」"),
        ("playbooks/newcomer-week.yaml", "旅程/新朋友", "旅程/新朋有", "没有标签"),
        ("playbooks/weekly-core.yaml", "weekday: 3", "weekday: 9", "要不大于 7"),
        ("segments.yaml", "op: eq, value: this", "op: eq, value: 13", "1 到 12"),
        ("offers.yaml", "value: 3000", "value: [3000", "读不懂"),
        ("offers.yaml", "needs: friends-buy", "needs: friends-byu", "没有权益「friends-byu」"),
        ("tiers.yaml", "core: 0.20", "core: many", "core"),
        ("brand.yaml", "name: 青禾衣坊", "name: 青禾衣坊\nname: 别的", "写了两次"),
        ("brand.yaml", "name: 青禾衣坊", "name: &a 青禾\nbot: *a", "不能用 * 引用"),
    ],
)
def test_each_kind_of_mistake_is_understood(folder, file, old, new, said):
    folder.change(file, old, new)
    found = folder.mistakes()
    assert any(mistake.startswith(f"{file}:") and said in mistake for mistake in found), found


def test_a_clock_time_stays_a_clock_time(folder):
    folder.change("playbooks/weekly-core.yaml", 'at: "10:00"', "at: 10:00")
    assert folder.mistakes() == []


def test_words_that_are_punished_are_found(folder):
    folder.template("转发得 10 元券，全国第一的面料", head="channels: [kf]\npurpose: service")
    said = "\n".join(folder.mistakes())
    assert "诱导分享" in said
    assert "绝对化用语" in said


def test_harmless_words_are_left_alone(content):
    assert content.check_text("最近到了几件新的，第一次来可以先试，最后一天是周日") == []


def test_a_mass_text_cannot_speak_of_one_person(folder):
    folder.template("你的券码 {{ coupon_code }}", head="channels: [wecom]\npurpose: service")
    (mistake,) = folder.mistakes()
    assert "一段话发给许多人" in mistake


def test_a_text_longer_than_its_channel_is_refused(folder):
    folder.template("衣" * 700)
    (mistake,) = folder.mistakes()
    assert "最多 2048" in mistake


def test_the_command_fails_when_something_is_wrong(folder):
    folder.template("{{ nobody }}")
    said = CliRunner().invoke(check_content, [str(folder.path), "--json"])
    assert said.exit_code == 1
    assert '"line": 6' in said.stdout
