"""The console's pages, as a browser gets them. The worklist itself is tested on a real database."""

import re

import httpx2
import pytest

from services.tracking.api.console import ASSETS
from shared.identity import Role
from tests.unit.tracking.running import CONSOLE_URL, Running
from tests.unit.tracking.telling import REFERRAL, Telling, journey, step

PAGE = f"/referrals/{REFERRAL}"


@pytest.fixture
async def received(tracking: Running) -> Running:
    """A referral that waits for a coordinator, due an hour ago."""
    await tracking.take_in(Telling().received(step("complete_referral", "coordinator", 1)))
    return tracking


async def press(tracking: Running, act: str, origin: str = CONSOLE_URL, **form: str) -> httpx2.Response:
    """Press a button of the referral's page."""
    async with tracking.browser(Role.COORDINATOR) as browser:
        return await browser.post(f"{PAGE}/{act}", data={"version": "1", **form}, headers={"Origin": origin})


async def page(tracking: Running, path: str = PAGE, subject: str = "casey.coordinator") -> httpx2.Response:
    """Open a page."""
    async with tracking.browser(Role.COORDINATOR, subject=subject) as browser:
        return await browser.get(path)


class TestReferralPage:
    async def test_shows_what_must_happen_next(self, received: Running) -> None:
        """The act, who, and how late it is."""
        text = (await page(received)).text

        assert "Complete referral" in text
        assert "1 h overdue" in text

    async def test_lists_what_else_is_open(self, tracking: Running) -> None:
        """Every task with who has it, as its service says it, also one of whom this page does not know."""
        helper = step("visit_at_home", "nurse", 8).model_copy(update={"owner": "community_worker"})
        await tracking.take_in(Telling().received((step("deliver_report", "coordinator", 48), helper)))

        text = (await page(tracking)).text

        assert re.search(r"Also open.*Visit at home.*Community worker.*asked by intake", text, re.DOTALL)
        assert 2 == text.count("Then: ")

    async def test_tells_the_story_in_plain_words_the_latest_first(self, tracking: Running) -> None:
        """Every fact of every service."""
        await tracking.take_in(*(told for story in journey().values() for told in story))

        text = (await page(tracking)).text

        order = ["Referral closed", "Patient was seen", "Visit booked", "Payer approved", "Referral received"]
        places = [text.index(sentence) for sentence in order]
        assert sorted(places) == places
        assert "14 facts, history verified" in text

    async def test_warns_of_a_changed_ledger(self, received: Running) -> None:
        """Whoever reads the story learns that it is not what was recorded."""
        rows = received.world.disk.rows["tracks"]
        [(key, raw)] = rows.items()
        rows[key] = raw.replace(b"pt-sample", b"pt-simple")

        assert "not what was recorded" in (await page(received)).text

    async def test_offers_what_is_allowed_and_nothing_else(self, received: Running) -> None:
        """A colleague of the holder gets no button that the server would refuse."""
        before = (await page(received)).text
        await press(received, "claim")

        assert f'action="{PAGE}/claim"' in before
        assert f'action="{PAGE}/release"' in (await page(received)).text
        colleague = (await page(received, subject="nora.nurseworth")).text
        assert f'action="{PAGE}/claim"' not in colleague
        assert f'action="{PAGE}/release"' not in colleague


class TestButtons:
    async def test_return_to_the_list_that_they_stood_on(self, received: Running) -> None:
        """With its filters, and nowhere else."""
        answer = await press(received, "claim", back="owner=coordinator&sort=due_at")

        assert (303, "/?owner=coordinator&sort=due_at") == (answer.status_code, answer.headers["location"])

    async def test_take_nothing_along_but_the_parts_of_a_list(self, received: Running) -> None:
        """An address is kept in histories and logs: what somebody wrote into a form does not get there."""
        answer = await press(received, "claim", back="queue=Quillfeather&name=zephyrine&owner=nurse&cursor=WyJkd")

        assert "/?owner=nurse&cursor=WyJkd" == answer.headers["location"]

    @pytest.mark.parametrize("back", ["//elsewhere.example", "https://elsewhere.example/?a=b", "\r\nSet-Cookie: a=b"])
    async def test_never_lead_elsewhere(self, received: Running, back: str) -> None:
        """Whatever a form says, the way back is a list of ours, or the referral."""
        location = (await press(received, "claim", back=back)).headers["location"]

        assert location.startswith(("/?", f"{PAGE}"))
        assert not location.startswith("//")
        assert "\r" not in location

    async def test_a_double_click_is_one_click(self, received: Running) -> None:
        """The same button on the same version is the same command."""
        await press(received, "note", code="left_message")
        await press(received, "note", code="left_message")

        assert 1 == (await page(received)).text.count("casey.coordinator, <time")

    async def test_say_why_not(self, received: Running) -> None:
        """The page comes back with the sentence, as an alert."""
        async with received.browser(Role.NURSE, subject="nora.nurseworth") as browser:
            await browser.post(f"{PAGE}/claim", data={"version": "1"}, headers={"Origin": CONSOLE_URL})

        answer = await press(received, "claim")

        assert 409 == answer.status_code
        assert 'role="alert">Somebody else has claimed this referral.' in answer.text

    @pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
    async def test_work_from_our_own_pages_only(self, received: Running, origin: str) -> None:
        """Another site's form carries the cookie's owner, but not our origin (CSRF)."""
        assert 401 == (await press(received, "claim", origin=origin)).status_code
        assert "Nobody yet" in (await page(received)).text


class TestEveryPage:
    PATHS = (PAGE, "/login")

    @pytest.mark.parametrize("path", PATHS)
    async def test_lets_nothing_in_from_elsewhere(self, received: Running, path: str) -> None:
        """Scripts and styles come as files of ours, so a smuggled one has no effect; nothing is kept by the browser."""
        answer = await page(received, path)

        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "no-store" == answer.headers["cache-control"]
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=\"/static/)|javascript:", answer.text)

    @pytest.mark.parametrize("path", PATHS)
    async def test_hides_no_origin_from_us(self, received: Running, path: str) -> None:
        """With no-referrer a browser sends `Origin: null` with our own forms, which would then be refused."""
        assert "same-origin" == (await page(received, path)).headers["referrer-policy"]

    @pytest.mark.parametrize("path", PATHS)
    async def test_has_no_twins(self, received: Running, path: str) -> None:
        """Each id is there once: focus is put back by it."""
        ids = re.findall(r'\sid="([^"]*)"', (await page(received, path)).text)

        assert sorted(set(ids)) == sorted(ids)

    @pytest.mark.parametrize("path", ["/", "/overview", PAGE])
    async def test_sends_strangers_to_log_in(self, received: Running, path: str) -> None:
        """A person without a session gets the way in, not a problem in JSON."""
        async with received.browser() as browser:
            answer = await browser.get(path)

        assert (303, "/login") == (answer.status_code, answer.headers["location"])


class TestFrontPage:
    @pytest.mark.parametrize(
        ("role", "list_"),
        [
            (Role.COORDINATOR, "/?owner=coordinator"),
            (Role.NURSE, "/?owner=nurse"),
            (Role.CLINICIAN, "/?owner=clinician"),
            (Role.OPERATOR, "/?owner=operator"),
            (Role.LEAD, "/?sort=due_at"),
        ],
    )
    async def test_is_the_list_of_ones_own_role(self, tracking: Running, role: Role, list_: str) -> None:
        """Who leads sees what waits for anybody."""
        async with tracking.browser(role) as browser:
            assert list_ == (await browser.get("/")).headers["location"]


class TestStatic:
    @pytest.mark.parametrize("name", sorted(ASSETS))
    async def test_is_open_and_kept_for_ever(self, tracking: Running, name: str) -> None:
        """Files say nothing about anybody; their address changes with their content."""
        async with tracking.browser() as browser:
            answer = await browser.get(f"/static/{name}")

        assert (200, ASSETS[name]) == (answer.status_code, answer.content)
        assert "immutable" in answer.headers["cache-control"]

    @pytest.mark.parametrize("name", ["nothing.css", "..%2fapp.py", "%2e%2e/app.py"])
    async def test_gives_out_nothing_else(self, tracking: Running, name: str) -> None:
        """Only what lies in the folder."""
        async with tracking.browser() as browser:
            assert 404 == (await browser.get(f"/static/{name}")).status_code

    async def test_styles_call_no_other_host(self) -> None:
        """A font from elsewhere would tell elsewhere who reads."""
        assert not any(b"http" in content for name, content in ASSETS.items() if name.endswith(("css", "js")))
