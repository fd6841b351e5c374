"""The forms over HTTP, as a browser without scripts sends them: who may, what comes back, what is stored, what it changed."""

import json
import re
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest

from tests.support.access import PASSWORD, Browser
from tests.support.build import a_partnership
from tests.support.forms import Clerk, forms_on, text_of
from tests.support.homes import token_of
from tests.support.people import person_of

RECORD = {"direction": "inbound", "title__en": "Letter of the mayor"}
FORMS = {
    "/record": {"bureau", "issuer", "embassy"},
    "/register": {"bureau", "issuer"},
    "/partnerships/hanoi/change": {"bureau", "issuer"},
    "/partnerships/hanoi/end": {"bureau", "issuer"},
    "/home": {"bureau", "issuer"},
    "/partnerships/hanoi/milestone": {"bureau", "issuer"},
    "/partnerships/hanoi/programme": {"bureau", "issuer"},
    "/partnerships/hanoi/judgement": {"bureau", "issuer"},
    "/rubric/adopt": {"bureau", "issuer"},
    "/imports": {"bureau", "issuer", "auditor"},
}
"""Which roles are shown each form; an auditor sees the imports, and no form among them."""


@pytest.fixture
def homes(office):
    """The installation that the tests of forms share."""
    return office


@pytest.fixture
def clerk(homes):
    """Somebody of the bureau."""
    return clerk_of(homes, "bureau")


def clerk_of(homes, role, site="same-origin"):
    return Clerk(homes.installation, role, site, token_of(role, "jakarta") if role else None)


@pytest.fixture
async def slug(homes):
    """A partnership that nobody else posts about."""
    name = f"kota-{uuid4().hex[:8]}"
    entry = a_partnership(partnership=name, name={"id": f"Kota {name[-4:]}", "en": f"City {name[-4:]}"})
    assert (await homes.post("partnership.registered", entry, "bureau")).status_code == 201
    return name


async def an_activity(homes, slug, **changes):
    facts = {"partnership": slug, "indicator": "contact", "occurred": "2026-05", "direction": "inbound"}
    data = {**facts, "outcome": "held", "title": {"en": "A letter"}, **changes}
    answer = await homes.post("activity.recorded", data, "bureau")
    assert answer.status_code == 201, answer.text
    return answer.json()["event_id"]


async def facts_of(clerk, slug):
    answer = await clerk.get("/reports/v1/activities", partnership=slug)
    return answer.json()["items"]


# Who may.


@pytest.mark.parametrize("role", ["bureau", "issuer", "embassy", "viewer", "auditor", "administrator"])
async def test_each_role_is_shown_the_forms_that_it_may_send_and_no_others(homes, role):
    clerk = clerk_of(homes, role)

    shown = {path for path in FORMS if (await clerk.get(path)).status_code == 200}

    assert shown == {path for path, roles in FORMS.items() if role in roles}


async def test_whoever_is_nobody_is_sent_to_sign_in_and_comes_back(homes):
    public = clerk_of(homes, None)

    answer = await public.get("/record", partnership="hanoi")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Frecord%3Fpartnership%3Dhanoi"


@pytest.mark.parametrize("path", ["/record", "/ingest/post", "/imports/7a0f4e52-1f3a-4c55-9d7e-0c6f6d1b2a33/load"])
async def test_what_nobody_known_sends_is_carried_to_where_one_signs_in_and_stays_in_the_page(homes, path):
    public = clerk_of(homes, None)

    sent = await public.send(f"{path}?lang=en", partnership="hanoi", title__en='A "letter"')

    assert sent.status_code == 307, "the browser sends the same form there"
    assert sent.headers["location"] == f"/sign-in/again?{urlencode({'next': f'{path}?lang=en', 'lang': 'en'})}"
    page = await public.send(sent.headers["location"], partnership="hanoi", title__en='A "letter"')
    assert page.status_code == 401
    assert "Nothing that you typed is lost" in text_of(page)
    (form,) = forms_on(page.text)
    assert form.values["carried.partnership"] == ["hanoi"]
    assert form.values["carried.title.en"] == ['A "letter"']


async def test_whoever_signs_in_again_finds_the_form_as_it_was_sent_and_is_asked_before_it_goes(homes, slug):
    await person_of(homes.installation, "ratna")
    sent = {"partnership": slug, "indicator": "contact", "occurred": "2026-05", "direction": "inbound"}
    sent |= {"outcome": "held", "mode": "unknown"}
    async with httpx.AsyncClient(base_url=homes.installation.url, timeout=30, trust_env=False) as http:
        browser = Browser(http)
        answer = await browser.post("/record?lang=en", **sent, **{"title.en": "Typed before"})
        page = await browser.post(answer.headers["location"], **sent, **{"title.en": "Typed before"})
        for password in ("not the one", PASSWORD):
            page = await submit(browser, page, name="ratna", password=password)
            assert forms_on(page.text), "what was typed is in the page, whatever the password"
        assert page.status_code == 200
        assert "Typed before" not in text_of(page)
        checked = await submit(browser, page)

    assert "Check the activity" in text_of(checked)
    assert "Typed before" in text_of(checked)


async def submit(browser, page, **typed):
    """Send the form of a page as it stands, with what is typed."""
    form = forms_on(page.text)[0]
    return await browser.post(form.action, **{name: values[0] for name, values in form.values.items()} | typed)


async def test_an_embassy_is_offered_its_own_partnerships_and_can_send_no_other(homes):
    embassy = clerk_of(homes, "embassy")
    page = await embassy.get("/record")

    assert [each for each in forms_on(page.text)[0].choices["partnership"] if each] == ["hanoi"]
    refused = await embassy.fill_in(page, partnership="beijing", occurred="2026", **RECORD)
    assert refused.status_code == 422
    assert "bukan milik Anda" in text_of(refused) or "Pilih salah satu" in text_of(refused)
    forged = {"partnership": "beijing", "indicator": "contact", "occurred": "2026", "direction": "inbound"}
    forged |= {"outcome": "held", "title": {"en": "x"}}
    sent = await embassy.send("/ingest/post", id=str(uuid4()), type="activity.recorded", data=json.dumps(forged))
    assert sent.status_code == 403
    assert (await embassy.get("/partnerships/hanoi/milestone")).status_code == 403


@pytest.mark.parametrize(
    "path", ["/record", "/register", "/partnerships/hanoi/milestone", "/rubric/adopt", "/ingest/post", "/imports"]
)
async def test_a_form_that_another_site_sends_is_refused(homes, path):
    assert (await clerk_of(homes, "bureau", site="cross-site").send(path, partnership="hanoi")).status_code == 403


# Recording.


async def test_a_letter_needs_three_fields_from_its_partnerships_page_and_one_more_from_anywhere(homes, clerk, slug):
    anywhere, from_the_page = await clerk.get("/record"), await clerk.get("/record", partnership=slug)

    assert forms_on(anywhere.text)[0].to_fill_in == ["direction", "occurred", "partnership"]
    assert forms_on(from_the_page.text)[0].to_fill_in == ["direction", "occurred"]
    checked = await clerk.fill_in(from_the_page, occurred="2026", direction="inbound", title__id="Surat")
    assert checked.status_code == 200, "a date, a direction and a title are enough"


async def test_what_was_understood_is_said_in_words_before_it_is_stored_and_the_receipt_says_what_changed(
    homes, clerk, slug
):
    await an_activity(homes, slug, indicator="visit", occurred="2023-06-20")
    page = await clerk.get("/record", lang="en", partnership=slug)

    checked = await clerk.fill_in(
        page, occurred="12 Mei 2026", direction="inbound", title__id="Surat", actors="embassy"
    )

    assert "12 May 2026" in text_of(checked)
    assert "embassy" in text_of(checked)
    assert "1 → 2 cells; falls on 12 May 2030 instead of 20 June 2027" in text_of(checked)
    assert len(await facts_of(clerk, slug)) == 1, "nothing is stored yet"
    receipt = await clerk.store(checked)
    assert receipt.status_code == 200
    said = text_of(receipt)
    assert "1 → 2 cells; falls on 12 May 2030 instead of 20 June 2027" in said
    assert "1 → 2 sel; turun pada 12 Mei 2030, bukan 20 Juni 2027" in said
    assert re.search(r"sha256:[0-9a-f]{64}", said)
    assert {each["occurred"] for each in await facts_of(clerk, slug)} == {"2023-06-20", "2026-05-12"}


async def test_sent_twice_it_is_stored_once_and_changed_in_between_it_is_refused(homes, clerk, slug):
    page = await clerk.get("/record", partnership=slug)
    checked = await clerk.fill_in(page, occurred="2026", **RECORD)

    receipts = [await clerk.fill_in(checked) for _ in range(2)]
    changed = await clerk.fill_in(await clerk.fill_in(checked, 1), occurred="2025", **RECORD)
    refused = await clerk.fill_in(changed)

    assert receipts[0].headers["location"] == receipts[1].headers["location"]
    assert refused.status_code == 409
    assert "Lihat yang tercatat" in text_of(refused)
    assert len(await facts_of(clerk, slug)) == 1


async def test_bad_input_comes_back_as_it_was_typed_with_what_to_do_beside_each_field_in_order(homes, clerk, slug):
    page = await clerk.get("/record", partnership=slug)

    typed = {"occurred": "awal 2019", "participants": "many", "value": "5", "title__id": "Surat “<b>”"}
    back = await clerk.fill_in(page, direction="inbound", **typed)

    assert back.status_code == 422
    form = forms_on(back.text)[0]
    assert form.values["occurred"] == ["awal 2019"]
    assert form.values["participants"] == ["many"]
    assert form.values["title.id"] == ["Surat “<b>”"]
    assert form.values["event"] == forms_on(page.text)[0].values["event"]
    assert re.findall(r'<li><a href="#([\w-]+)">', back.text) == ["occurred", "participants"]
    assert "autofocus" in back.text
    assert 'aria-describedby="occurred-hint occurred-wrong" aria-invalid="true"' in back.text
    assert "tidak terbaca sebagai tanggal" in text_of(back)
    assert '<details class="more" open>' in back.text, "what is wrong is not folded away"
    together = await clerk.fill_in(back, occurred="2019", participants="")
    assert "Nilai dan mata uang berpasangan" in text_of(together)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"occurred": "2031"}, "masa depan"),
        ({"title__id": "x" * 301}, "lebih panjang dari 300"),
        ({"title__id": "a​b"}, "tidak terlihat"),
        ({"caused_by": "00000000-0000-0000-0000-000000000001"}, "Kegiatan ini tidak ada"),
        ({"caused_by": "no id"}, "Kegiatan ini tidak ada"),
        ({"valid_until": "2030-01-01"}, "Hanya dokumen"),
        ({"evidence__title": "Letter"}, "sidik, jenis, dan ukuran"),
        ({"indicator": "gift"}, "Pilih salah satu"),
        ({"title__id": ""}, "bahasa Indonesia, bahasa Inggris, atau keduanya"),
    ],
)
async def test_each_thing_that_is_wrong_is_said_in_the_readers_language(homes, clerk, slug, typed, said):
    page = await clerk.get("/record", partnership=slug)

    back = await clerk.fill_in(page, **{"occurred": "2026", "direction": "inbound", "title__id": "Surat", **typed})

    assert back.status_code == 422
    assert said in text_of(back)
    assert await facts_of(clerk, slug) == []


async def test_a_date_with_two_readings_is_asked_about_and_the_answer_is_kept(homes, clerk, slug):
    page = await clerk.get("/record", lang="en", partnership=slug)

    asked = await clerk.fill_in(page, occurred="03/04/2020", **RECORD)
    checked = await clerk.fill_in(asked, occurred__meant="2020-04-03")

    assert asked.status_code == 422
    assert forms_on(asked.text)[0].choices["occurred.meant"] == ["2020-04-03", "2020-03-04"]
    assert "3 April 2020" in text_of(asked)
    assert "3 April 2020" in text_of(checked)


async def test_what_stands_already_and_is_like_it_is_shown_before_it_is_stored(homes, clerk, slug):
    there = await an_activity(homes, slug, occurred="2026-05-12")
    page = await clerk.get("/record", partnership=slug)

    checked = await clerk.fill_in(page, occurred="Mei 2026", **RECORD)
    other = await clerk.fill_in(page, occurred="Juni 2026", **RECORD)

    assert f"/activities/{there}" in checked.text
    assert f"/activities/{there}" not in other.text


async def test_all_that_can_be_known_of_an_activity_comes_through_the_form_and_back(homes, clerk, slug):
    page = await clerk.get("/record", partnership=slug)
    typed = {
        "indicator": "aid",
        "occurred": "22 s.d. 28 Oktober 2019",
        "direction": "mutual",
        "title__id": "Hibah",
        "title__en": "Grant",
        "outcome": "held",
        "mode": "in_person",
        "people_to_people": "no",
        "participants": "12",
        "actors": ["embassy", "school"],
        "initiator": "partner",
        "place": "Balai Kota",
        "fields": "Education, Health",
        "value": "12.5",
        "currency": "idr",
        "description__en": "Line one\nLine two",
        "source": "Report 3",
        "evidence__title": "Letter",
        "evidence__hash": "a" * 64,
        "evidence__media_type": "application/pdf",
        "evidence__size": "1024",
    }
    checked = await clerk.fill_in(page, **typed)
    again = await clerk.fill_in(await clerk.fill_in(checked, 1))

    assert forms_on(checked.text)[0].values["data"] == forms_on(again.text)[0].values["data"]
    await clerk.store(again)
    (stored,) = await facts_of(clerk, slug)
    assert stored["occurred"] == "2019-10-22/2019-10-28"
    assert (stored["people_to_people"], stored["actors"]) == (False, ["embassy", "school"])
    assert (stored["value"], stored["currency"]) == (12.5, "IDR")
    assert stored["fields"] == ["Education", "Health"]
    assert stored["description"] == {"en": "Line one\nLine two"}
    assert stored["evidence"][0]["hash"] == f"sha256:{'a' * 64}"


async def test_a_form_that_carries_nonsense_to_ingest_stores_nothing_and_says_so_on_a_page(homes, clerk, slug):
    event_id = str(uuid4())
    for fields, status in (
        ({"data": "{"}, 400),
        ({"data": "{}"}, 422),
        ({"data": "[]", "type": "day.closed"}, 422),
        ({"data": "{}", "type": "day.closed", "back": "https://evil.example"}, 422),
    ):
        answer = await clerk.send("/ingest/post", **{"id": event_id, "type": "activity.recorded", **fields})
        assert answer.status_code == status
        assert "Belum tersimpan" in text_of(answer)
        assert "evil" not in str([form.action for form in forms_on(answer.text)])
    assert (await clerk.send("/ingest/post", type="activity.recorded", data="{}")).status_code == 422
    assert (await clerk.get(f"/receipts/{event_id}")).status_code == 404


async def test_a_receipt_waits_for_its_position_and_says_when_it_cannot(homes, clerk, slug):
    answer = await homes.ask(
        "/ingest/v1/events",
        "bureau",
        method="POST",
        body={
            "type": "activity.recorded",
            "data": {
                "partnership": slug,
                "indicator": "contact",
                "occurred": "2026",
                "direction": "inbound",
                "outcome": "held",
                "title": {"en": "A letter"},
            },
        },
    )
    receipt = answer.json()
    public = Clerk(homes.installation, None)

    page = await public.get(f"/receipts/{receipt['event_id']}", position=str(receipt["position"]))

    assert page.status_code == 200
    assert "0 → 1" in text_of(page)
    assert "jakarta/bureau" not in page.text, "the public is told no account"
    assert (await public.get(f"/receipts/{uuid4()}")).status_code == 404
    assert (await public.get(f"/receipts/{receipt['event_id']}", position="x")).status_code == 422


# Correcting and retracting.


async def test_a_correction_shows_old_and_new_side_by_side_sends_only_what_changed_and_says_what_it_does(
    homes, clerk, slug
):
    activity = await an_activity(homes, slug, place="Hall", people_to_people=False)
    page = await clerk.get(f"/activities/{activity}/correct", lang="en")

    checked = await clerk.fill_in(page, direction="mutual", place="", reason="It went both ways")

    assert "1 → 2 cells" in text_of(checked)
    assert "<del>inbound</del>" in checked.text
    assert "<ins>both ways</ins>" in checked.text
    data = json.loads(forms_on(checked.text)[0].values["data"][0])
    assert data["changes"] == {"direction": "mutual", "place": None}
    assert data["based_on"] == activity
    receipt = await clerk.store(checked)
    assert "1 → 2 cells" in text_of(receipt)
    versions = await clerk.get(f"/activities/{activity}", lang="en")
    said = text_of(versions)
    assert "It went both ways" in said
    assert said.count("sha256:") == 2
    assert "jakarta/bureau" in said
    assert "jakarta/bureau" not in (await Clerk(homes.installation, None).get(f"/activities/{activity}")).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"direction": "mutual"}, "Isilah ini."),
        ({"reason": "Nothing"}, "Belum ada yang diubah."),
        ({"occurred": "soon", "reason": "x"}, "tidak terbaca sebagai tanggal"),
        ({"direction": "mutual", "reason": "x" * 301}, "lebih panjang dari 300"),
    ],
)
async def test_a_correction_without_reason_or_change_comes_back(homes, clerk, slug, typed, said):
    activity = await an_activity(homes, slug)

    back = await clerk.fill_in(await clerk.get(f"/activities/{activity}/correct"), **typed)

    assert back.status_code == 422
    assert said in text_of(back)


async def test_of_two_who_correct_the_same_the_second_is_shown_all_three_versions_and_can_still_send_hers(
    homes, clerk, slug
):
    activity = await an_activity(homes, slug)
    page = await clerk.get(f"/activities/{activity}/correct", lang="en")
    checked = await clerk.fill_in(page, direction="mutual", reason="Both ways")
    change = {"activity": activity, "changes": {"direction": "outbound"}, "reason": "Ours"}
    await homes.post("activity.corrected", change, "bureau")

    refused = await clerk.store(checked)
    compared = await clerk.fill_in(refused)

    assert refused.status_code == 409
    assert "Compare the versions" in text_of(refused)
    assert compared.status_code == 409
    row = re.search(r'<th scope="row">Direction</th>(.*?)</tr>', compared.text, re.DOTALL)[1]
    assert re.findall(r">(inbound|outbound|both ways)<", row) == ["inbound", "outbound", "both ways"]
    assert (await clerk.store(compared)).status_code == 200
    assert (await facts_of(clerk, slug))[0]["direction"] == "mutual"


async def test_a_retraction_shows_what_it_changes_first_and_leaves_the_activity_readable_to_those_who_may(
    homes, clerk, slug
):
    activity = await an_activity(homes, slug)
    page = await clerk.get(f"/activities/{activity}/retract", lang="en")

    assert "1 → 0 cells" in text_of(page)
    assert (await clerk.fill_in(page)).status_code == 422
    receipt = await clerk.store(await clerk.fill_in(page, reason="Never took place"))

    assert "1 → 0 cells" in text_of(receipt)
    assert "Never took place" in text_of(await clerk.get(f"/activities/{activity}"))
    assert (await Clerk(homes.installation, None).get(f"/activities/{activity}")).status_code == 404
    assert (await clerk.get(f"/activities/{activity}/correct")).status_code == 404


# The other forms.


async def test_a_partnership_is_registered_and_its_entry_changed_by_form(homes, clerk):
    slug = f"kota-{uuid4().hex[:8]}"
    page = await clerk.get("/register", lang="en")
    bad = await clerk.fill_in(page, partnership="Not A Slug", country="Japan")
    assert [each for each in re.findall(r'href="#([\w-]+)"', bad.text) if each != "main"][:4] == [
        "partnership",
        "name-id",
        "level",
        "country",
    ]
    registered = await clerk.store(
        await clerk.fill_in(
            bad, partnership=slug, country="jp", level="city", name__en="Tokyo", mou_date="21 Juni 2007"
        )
    )
    assert "in force, 0 of 10 cells" in text_of(registered)

    change = await clerk.get(f"/partnerships/{slug}/change", lang="en")
    assert (await clerk.fill_in(change, reason="x")).status_code == 422
    checked = await clerk.fill_in(change, fields="Education", country="KR", reason="The memorandum names it")
    data = json.loads(forms_on(checked.text)[0].values["data"][0])
    assert data["changes"] == {"fields": ["Education"], "country": "KR"}
    assert (await clerk.store(checked)).status_code == 200


async def test_a_partnership_ends_by_form_and_is_rated_no_more_from_the_next_day_on(homes, clerk, slug):
    page = await clerk.get(f"/partnerships/{slug}/end", lang="en")
    assert forms_on(page.text)[0].to_fill_in == ["ended_on", "reason"]
    checked = await clerk.fill_in(page, ended_on="31 Oktober 2026", reason="It was not renewed")
    assert "31 October 2026" in text_of(checked)

    receipt = await clerk.store(checked)

    assert f"City {slug[-4:]}: not in force." in text_of(receipt)
    twice = await clerk.fill_in(await clerk.get(f"/partnerships/{slug}/end", lang="en"), ended_on="2026", reason="x")
    assert "This is no day of the calendar." in text_of(twice)
    twice = await clerk.fill_in(twice, ended_on="2026-11-01")
    assert "It has ended already." in text_of(twice)


async def test_no_partnership_ends_in_the_future(clerk, slug):
    page = await clerk.get(f"/partnerships/{slug}/end", lang="en")

    assert "Note the end once it has come." in text_of(await clerk.fill_in(page, ended_on="2030-01-01", reason="x"))


async def test_what_a_home_says_of_itself_is_changed_by_form_and_only_that(homes):
    clerk = Clerk(homes.installation, token=token_of("bureau", "auckland"))
    page = await clerk.get("/home", lang="en")
    form = forms_on(page.text)[0]
    assert form.to_fill_in == ["reason"]
    unchanged = await clerk.fill_in(page, reason="Nothing")
    assert unchanged.status_code == 422
    assert "Nothing is changed yet" in text_of(unchanged)

    letterhead = "Auckland Council\r\n135 Albert Street, Auckland"
    said = {"letterhead": letterhead, "released": "no", "latitude": "-36.85", "longitude": "174.76"}
    checked = await clerk.fill_in(page, **said, reason="It has a letterhead")

    assert "Auckland Council / 135 Albert Street, Auckland" in text_of(checked)
    assert "Whoever has no account will see nothing any more." in text_of(checked)
    data = json.loads(forms_on(checked.text)[0].values["data"][0])
    lines = ["Auckland Council", "135 Albert Street, Auckland"]
    assert data["changes"] == {"letterhead": lines, "released": False, "latitude": -36.85, "longitude": 174.76}
    changed = await clerk.fill_in(checked, 1)
    assert forms_on(changed.text)[0].values["released"] == ["no"], "it can be changed once more"
    back = await clerk.fill_in(changed, released="yes")
    assert (await clerk.store(back)).status_code == 200
    assert lines[1] in (await clerk.get("/home")).text


async def test_a_step_of_the_procedure_is_noted_by_form(homes, clerk, slug):
    page = await clerk.get(f"/partnerships/{slug}/milestone", lang="en")

    wrong = await clerk.fill_in(page, milestone="initiative", reached="2020", valid_until="2030-01-01")
    checked = await clerk.fill_in(
        page, milestone="study_of_benefits", reached="Februari 2020", requirements=["equal_status", "complementary"]
    )

    assert "Only a signing or a renewal has a last day" in text_of(wrong)
    assert "February 2020" in text_of(checked)
    await clerk.store(checked)
    life = (await clerk.get(f"/reports/v1/partnerships/{slug}/life", on="2099-12-31")).json()
    assert {each["met_at"] for each in life["requirements"] if each["met_at"]} == {"study_of_benefits"}


async def test_a_years_programme_is_agreed_by_form_with_as_many_lines_as_are_needed(homes, clerk, slug):
    page = await clerk.get(f"/partnerships/{slug}/programme", lang="en")
    more = await clerk.fill_in(page, activities__0__title__en="Exchange", step="more")

    assert forms_on(more.text)[0].values["rows"] == ["12"]
    assert forms_on(more.text)[0].values["activities.0.title.en"] == ["Exchange"]
    lines = {"activities__0__indicator": "visit", "activities__9__title__id": "Seminar"}
    checked = await clerk.fill_in(more, year="2026", **lines)
    await clerk.store(checked)

    (programme,) = (await clerk.get(f"/reports/v1/partnerships/{slug}/life", on="2099-12-31")).json()["programmes"]
    assert [each["title"] for each in programme["lines"]] == [{"en": "Exchange"}, {"id": "Seminar"}]
    untitled = await clerk.fill_in(page, activities__1__indicator="visit")
    assert "Give it in Indonesian" in text_of(untitled)


async def test_an_official_rating_is_set_and_lifted_by_form(homes, clerk, slug):
    page = await clerk.get(f"/partnerships/{slug}/judgement", lang="en")
    receipt = await clerk.store(await clerk.fill_in(page, rating="aktif", reason="Political support"))
    assert "official: active" in text_of(receipt)

    page = await clerk.get(f"/partnerships/{slug}/judgement", lang="en")
    address = re.search(r'href="([^"]+/lift[^"]*)"', page.text)[1]
    lifted = await clerk.store(await clerk.fill_in(await clerk.get(address), reason="No more"))

    assert "no official rating any more" in text_of(lifted)
    assert (await clerk.get(address)).status_code == 404


async def test_the_law_is_said_in_words_tried_otherwise_and_adopted(homes, clerk, slug):
    await an_activity(homes, slug)
    law = await clerk.get("/rubric", lang="en")
    tried = await clerk.get("/rubric/whatif", lang="en")

    assert "within the last 48 months" in text_of(law)
    form = forms_on(tried.text, "get")[-1]
    values = {name: each[0] for name, each in form.values.items()}
    otherwise = await clerk.get("/rubric/whatif", **values | {"thresholds.aktif": "2", "window_months": "3"})
    assert re.search(r"City .{4}: 1 → 0 cells", text_of(otherwise))
    wrong = await clerk.get("/rubric/whatif", **values | {"thresholds.aktif": "1"})
    assert wrong.status_code == 422
    assert "must be above" in text_of(wrong)

    page = await clerk.get("/rubric/adopt", lang="en")
    names = {"id": "jakarta-2027", "author": "The bureau", "legal_basis": "A decree", "valid_from": "2027-01-01"}
    checked = await clerk.fill_in(page, **names, window_months="36")
    assert "1 January 2027" in text_of(checked)
    assert (await clerk.fill_in(await clerk.fill_in(checked, 1))).status_code == 200
    receipt = await clerk.store(checked)
    assert "No rating of that day became another" in text_of(receipt)
    assert "36 months" in text_of(await clerk.get("/rubric", lang="en", on="2027-01-01"))


# What is asked while somebody types.


async def test_a_date_is_read_while_it_is_typed_and_nothing_is_made_of_nonsense(homes, clerk):
    async def read(text):
        return (await clerk.get("/reports/v1/dates", text=text, lang="id")).json()

    assert await read("Mei 2019") == {"readings": ["2019-05"], "in_words": ["Mei 2019"]}
    assert (await read("03/04/2020"))["in_words"] == ["3 April 2020", "4 Maret 2020"]
    assert await read("soon") == {"readings": [], "in_words": []}


async def test_what_is_like_an_activity_is_told_of_ones_own_partnerships_only(homes, clerk, slug):
    there = await an_activity(homes, slug)
    asked = {"partnership": slug, "indicator": "contact", "occurred": "2026"}

    assert [each["id"] for each in (await clerk.get("/reports/v1/likenesses", **asked)).json()["items"]] == [there]
    assert (await clerk_of(homes, "embassy").get("/reports/v1/likenesses", **asked)).json()["items"] == []


# Issued reports.


async def test_a_correction_names_the_issued_reports_that_would_read_otherwise_before_it_is_sent(homes, clerk, slug):
    activity = await an_activity(homes, slug)
    page = await clerk.get(f"/activities/{activity}/correct", lang="en")
    before = await clerk.fill_in(page, direction="outbound", reason="Slip")
    asked = {"kind": "ratings", "from": "2023-01-01", "to": "2026-12-31", "lang": "en", "format": "json"}
    issued = await homes.ask("/reports/v1/issued", "issuer", method="POST", body=asked)
    assert issued.status_code == 201, issued.text
    event_id = issued.json()["receipt"]["event_id"]
    homes.installation.last_position = issued.json()["receipt"]["position"]

    touching = await clerk.fill_in(page, direction="outbound", reason="Slip")

    assert "Issued reports" not in text_of(before)
    assert f"/reports/issued/{event_id}" in touching.text
    assert "One issued report would read otherwise" in text_of(touching)


# The past.


async def test_neither_an_activity_nor_a_receipt_shows_what_was_recorded_after_known(homes, clerk, slug):
    activity = await an_activity(homes, slug, title={"en": "As first told"})
    first = (await clerk.get(f"/receipts/{activity}.json")).json()
    change = {"activity": activity, "changes": {"title": {"en": "As told later"}}, "reason": "Late news"}
    later = (await homes.post("activity.corrected", change, "bureau")).json()
    await homes.post(
        "partnership.changed", {"partnership": slug, "changes": {"name": {"en": "Renamed"}}, "reason": "x"}, "bureau"
    )
    known = first["recorded_at"]

    then = await clerk.get(f"/activities/{activity}", known=known)
    now = await clerk.get(f"/activities/{activity}")

    for text in ("As told later", "Late news", "Renamed", later["hash"]):
        assert text not in then.text
        assert text in now.text
    assert "As first told" in then.text
    assert (await clerk.get(f"/receipts/{later['event_id']}", known=known)).status_code == 404
    assert (await clerk.get(f"/receipts/{activity}", known=known)).status_code == 200
    table = await clerk.get(f"/activities/{activity}.csv", known=known)
    assert len(table.text.strip().splitlines()) == 2
