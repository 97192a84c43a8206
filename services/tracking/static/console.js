// What makes the pages comfortable. Everything works without it, a page at a time.
"use strict";

const main = document.getElementById("main");
const announcement = document.getElementById("announcement");
const CLOCK = { hour: "2-digit", minute: "2-digit" };
const DAY = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
const MOMENT = { weekday: "short", day: "numeric", month: "short", year: "numeric", ...CLOCK, timeZoneName: "short" };

/** Times in the reader's own zone, where they are spelled out. */
function localize(root) {
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const moment = at.toLocaleString([], MOMENT);
    if (time.textContent === time.title) time.textContent = moment;
    if (time.closest(".timeline .at")) time.textContent = at.toLocaleTimeString([], CLOCK);
    time.title = moment;
  }
  const timeline = root.querySelector(".timeline");
  if (timeline) groupByDay(timeline);
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}

/** The days of a timeline as the reader's own zone has them. */
function groupByDay(timeline) {
  const facts = [...timeline.querySelectorAll("li")];
  for (const old of timeline.querySelectorAll("h3, ol")) old.remove();
  let list;
  for (const fact of facts) {
    const day = new Date(fact.querySelector("time").dateTime).toLocaleDateString([], DAY);
    if (list?.previousSibling.textContent !== day) {
      const title = document.createElement("h3");
      title.textContent = day;
      list = document.createElement("ol");
      timeline.append(title, list);
    }
    list.append(fact);
  }
}

/** Put another state of this page in place, and leave focus, scrolling and half-made choices where they are. */
function show(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const next = page.getElementById("main");
  if (!next) return location.reload();
  const focused = document.activeElement?.id;
  const before = main.dataset.count;
  const chosen = new Map([...main.querySelectorAll("select")].map((select) => [select.id, select.value]));
  main.replaceChildren(...next.childNodes);
  main.dataset.count = next.dataset.count ?? "";
  for (const [id, value] of chosen) {
    const select = document.getElementById(id);
    if (select) select.value = value;
  }
  localize(main);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  if (before !== main.dataset.count) announce(main.dataset.count);
}

/** Say something: aloud only, or where everybody sees it until the next thing is said. */
function announce(text, isRefusal = false) {
  announcement.className = isRefusal ? "toast" : "unseen";
  announcement.textContent = text;
}

async function refresh() {
  const isChoosing = document.activeElement?.matches("select");
  if (document.hidden || isChoosing) return;
  await reread();
}

async function reread() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.redirected) return location.reload();
  if (answer.ok) show(await answer.text());
}

async function press(form) {
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "text/html" } });
  if (answer.status === 401) return location.reload();
  if (answer.ok) {
    announce("Done");
    return show(await answer.text());
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  announce(page.querySelector("[role=alert]")?.textContent ?? "That did not work. Please try again.", true);
  await reread();
}

document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || !main.contains(event.target)) return;
  event.preventDefault();
  press(event.target).catch(() => announce("The server cannot be reached.", true));
});

document.addEventListener("click", async (event) => {
  const id = event.target.closest("[data-copy]")?.dataset.copy;
  if (!id) return;
  await navigator.clipboard.writeText(id);
  announce("Copied");
});

// From row to row with the arrow keys, while the focus is on a row's link: nowhere else do keys mean anything special.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches(".worklist .act a")) return;
  const links = [...main.querySelectorAll(".worklist .act a")];
  const next = links[links.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

const refreshS = Number(main.dataset.refreshS);
if (refreshS) setInterval(() => refresh().catch(() => {}), refreshS * 1000);
localize(document);
