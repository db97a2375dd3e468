from bot.domain.merging import alike, key, same_person, weigh
from bot.domain.phones import digits


def test_a_shared_phone_makes_one_person_of_two_records_that_nothing_contradicts():
    assert (
        weigh("phone", [key("buyer_id", "7", "mall")], [key("external_userid", "wm1")]) == "merge"
    )


def test_a_phone_shared_by_two_wechat_accounts_is_a_question_for_a_person():
    assert weigh("phone", [key("external_userid", "wm1")], [key("kf", "wm2")]) == "propose"
    assert weigh("phone", [key("unionid", "o1")], [key("unionid", "o2")]) == "propose"


def test_two_accounts_of_one_shop_with_one_phone_may_be_a_family():
    ours, theirs = [key("buyer_id", "7", "mall")], [key("buyer_id", "8", "mall")]
    assert weigh("phone", ours, theirs) == "propose"
    assert weigh("phone", ours, [key("buyer_id", "8", "pos")]) == "merge"


def test_an_equal_unionid_outweighs_a_changed_external_userid():
    assert (
        weigh("unionid", [key("external_userid", "wm1")], [key("external_userid", "wm2")])
        == "merge"
    )


def test_ids_that_contradict_by_unionid_are_never_merged_by_a_buyer_id():
    assert weigh("buyer_id", [key("unionid", "o1")], [key("unionid", "o2")]) == "propose"


def test_kf_and_customer_contact_number_people_alike():
    assert key("external_userid", "wm1") in same_person(key("kf", "wm1"))
    assert same_person(key("openid", "o", "gh_1")) == (key("openid", "o", "gh_1"),)


def test_phones_are_equal_however_they_are_written():
    written = ("13800000001", "+86 138-0000-0001", "008613800000001", "１３８０００００００１")
    assert {digits(each) for each in written} == {"13800000001"}
    assert digits("没有") == ""


def test_only_full_names_tell_people_together_or_apart():
    assert alike("王丽", "王丽") is True
    assert alike("王丽", "李强") is False
    assert alike("Lily", "Lily") is alike("王丽", "岁月静好") is alike("", "") is None


def test_one_agreeing_fact_is_not_enough_against_a_contradiction_and_two_are():
    ours, theirs = [key("unionid", "u1")], [key("unionid", "u2")]
    assert weigh("buyer_id", ours, theirs) == "propose"
    assert weigh("buyer_id", ours, theirs, also={"phone"}) == "merge"


def test_a_card_is_one_member_with_whatever_wechat_account_she_signs_in():
    assert weigh("member_no", [key("unionid", "u1")], [key("unionid", "u2")]) == "merge"
    two = [key("buyer_id", "8", "mall")]
    assert weigh("member_no", [key("buyer_id", "7", "mall")], two) == "propose"


def test_two_cards_are_two_people_whatever_else_agrees():
    ours, theirs = [key("member_no", "M1")], [key("member_no", "M2")]
    assert weigh("phone", ours, theirs, also={"name"}) == "propose"
    assert weigh("buyer_id", ours, theirs, also={"phone"}) == "propose"
    assert weigh("unionid", ours, theirs) == "merge"
