// What pages do beyond what they do without a script. Each part looks for its place on the page and leaves it alone
// where there is none. Words come from the page: it knows its language.

/** Keys that lead somewhere: an element with data-key="/" is focused, a link with data-key="?" is followed. */
function keys() {
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found) return;
    event.preventDefault();
    if (found.matches("a")) found.click();
    else found.focus();
  });
}

/** Light or dark, remembered in a cookie, so that the next page comes in it at once. */
function theme() {
  const button = document.getElementById("theme");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `kembar-theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  });
}

/** A slider over the years: the last day of each, today for this one. It sets the day, and shows it when let go. */
function years() {
  const place = document.getElementById("years");
  if (!place) return;
  const form = place.closest("form");
  const day = form.elements.on;
  const { today, first, label } = place.dataset;
  const slider = Object.assign(document.createElement("input"), {
    type: "range", min: first, max: today.slice(0, 4), step: 1, value: (day.value || today).slice(0, 4),
  });
  slider.setAttribute("aria-label", label);
  const shown = document.createElement("output");
  const show = () => {
    shown.textContent = slider.value;
    slider.setAttribute("aria-valuetext", slider.value);
  };
  slider.addEventListener("input", () => {
    day.value = slider.value === slider.max ? today : `${slider.value}-12-31`;
    show();
  });
  let before = slider.value;
  const go = () => {
    if (slider.value === before) return;
    before = slider.value;
    form.requestSubmit();
  };
  slider.addEventListener("pointerup", go);
  slider.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), go()));
  show();
  place.replaceChildren(slider, shown);
}

const COME_BACK_MILLISECONDS = 5000;

/** Say how much came since, without moving what is being read; say when the connection breaks and is mended. */
function live() {
  const place = document.getElementById("live");
  if (!place || !window.EventSource) return;
  const { stream, events, resume, one, many, show, broken, mended } = place.dataset;
  let count = 0, last = null, isBroken = false, source, again;
  const say = (text, withButton) => {
    place.textContent = text;
    if (withButton) place.append(Object.assign(quietButton(show, () => location.reload()), { className: "" }));
  };
  const tell = () => say(count === 0 ? "" : count === 1 ? one : many.replace("{count}", count), count > 0);
  const heard = (event) => {
    last = event.lastEventId || last;
    count += JSON.parse(event.data).count ?? 1;
    tell();
  };
  const opened = () => {
    if (!isBroken) return;
    isBroken = false;
    say(mended, false);
    setTimeout(tell, 4000);
  };
  const failed = () => {
    // Where the answer was a refusal, such as of a proxy whose server starts anew, the browser itself does not come back.
    if (source.readyState === EventSource.CLOSED) again = setTimeout(listen, COME_BACK_MILLISECONDS);
    if (isBroken) return;
    isBroken = true;
    say(broken, false);
  };
  const listen = () => {
    const address = new URL(stream, location);
    if (last) address.searchParams.set(resume, last);
    source = new EventSource(address);
    for (const name of events.split(" ")) source.addEventListener(name, heard);
    source.addEventListener("open", opened);
    source.addEventListener("error", failed);
  };
  listen();
  addEventListener("pagehide", () => (clearTimeout(again), source.close()));
}

/** Wait until nothing has happened for a while, then do it once. */
function calmly(work, milliseconds = 300) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), milliseconds);
  };
}

/** Ask for JSON; null where nothing comes of it: what is only helpful may fail in silence. */
async function asked(path, values) {
  try {
    const answer = await fetch(`${path}?${new URLSearchParams(values)}`);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

const DRAFTS = "kembar-draft ";
const LONGEST_DRAFT_MILLISECONDS = 7 * 24 * 3600 * 1000;
const MOST_OFFERED = 3;

/** What the browser keeps: the drafts of forms, each under its account, its address and the id of the event that it becomes. */
const drafts = {
  read(key) {
    try {
      const draft = JSON.parse(localStorage.getItem(key));
      return draft && Date.now() - draft.at < LONGEST_DRAFT_MILLISECONDS ? draft : null;
    } catch {
      return null;
    }
  },
  /** Those of one form, the last one typed first. */
  of(place) {
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(`${place} `));
      return keys.map((key) => drafts.read(key)).filter(Boolean).sort((one, other) => other.at - one.at);
    } catch {
      return [];
    }
  },
  write(place, draft) {
    try {
      localStorage.setItem(`${place} ${draft.event}`, JSON.stringify(draft));
      sessionStorage.setItem(place, draft.event);
      return true;
    } catch {
      return false; // no room, or not allowed: the form works without
    }
  },
  /** The id of the draft that this tab was last at work on. */
  here(place) {
    try {
      return sessionStorage.getItem(place);
    } catch {
      return null;
    }
  },
  forget(isMeant) {
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(DRAFTS));
      for (const key of keys) if (isMeant(drafts.read(key))) localStorage.removeItem(key);
    } catch {
      // Nothing is kept where nothing may be.
    }
  },
};

/** Keep a draft for this page while it is open; false where another tab has it, and has not left it in time. */
function taken(event, milliseconds = 0) {
  if (!navigator.locks) return Promise.resolve(true); // without TLS a browser has none
  const options = milliseconds ? { signal: AbortSignal.timeout(milliseconds) } : { ifAvailable: true };
  return new Promise((say) => {
    const untilThePageIsLeft = (lock) => {
      say(Boolean(lock));
      return lock && new Promise(() => {});
    };
    navigator.locks.request(`${DRAFTS}${event}`, options, untilThePageIsLeft).catch(() => say(false));
  });
}

/** Keep what is typed into a form until its receipt, and put it back when the form is opened anew. */
async function draft() {
  const stored = document.querySelector("[data-stored]");
  if (stored) drafts.forget((each) => !each || each.event === stored.dataset.stored);
  document.querySelector('form[action^="/sign-out"]')?.addEventListener("submit", () => drafts.forget(() => true));
  const held = document.querySelector("[data-holds]");
  if (held) taken(held.dataset.holds, 5000);
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const place = `${DRAFTS}${form.dataset.draft} ${location.pathname}`;
  let isTyped = false;
  const keep = () => isTyped && drafts.write(place, drafted(form));
  const keepAndSay = calmly(() => {
    const now = new Date().toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
    if (keep()) document.getElementById("draft").textContent = form.dataset.kept.replace("{time}", now);
  });
  form.addEventListener("input", () => {
    isTyped = true;
    keepAndSay();
  });
  form.addEventListener("submit", keep);
  form.addEventListener("reset", () => (isTyped = false));
  addEventListener("pagehide", keep);
  if (!("fresh" in form.dataset)) return taken(form.elements.event.value, 5000);
  const left = drafts.of(place).filter((each) => each.event !== form.elements.event.value);
  const found = await draftToGoOnWith(form, left, drafts.here(place));
  if (found && !isTyped) restore(form, found);
  else taken(form.elements.event.value);
  offer(form, left.filter((each) => each !== found));
}

/** The draft that this tab left, else the last one that no tab is at work on; none that says otherwise than the address does. */
async function draftToGoOnWith(form, left, here) {
  const asked = [...new URLSearchParams(location.search)].filter(([name]) => form.elements[name] && name !== "rows");
  const fits = ({ values }) => asked.every(([name, wanted]) => values.some((pair) => pair[0] === name && pair[1] === wanted));
  const own = left.find((each) => each.event === here);
  if (own && fits(own) && (await taken(own.event, 2000))) return own; // the page before this one lets go of it in a moment
  if (!navigator.locks) return null; // whether a tab is at work on one cannot be known, so it is only offered
  for (const each of left) if (each !== own && fits(each) && (await taken(each.event))) return each;
  return null;
}

function drafted(form) {
  const values = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "event");
  const { event, based_on: basedOn, rows } = form.elements;
  return { at: Date.now(), event: event.value, based_on: basedOn?.value, rows: rows?.value, about: about(form), values };
}

/** What a draft is about, in a few words: what was chosen and typed first. */
function about(form) {
  const texts = [...form.elements].flatMap((field) => {
    if (!field.value || field.type === "hidden") return [];
    if (field.matches("select")) return field.selectedOptions[0].defaultSelected ? [] : [field.selectedOptions[0].text];
    return field.matches("input:not([type=radio], [type=checkbox], [type=file]), textarea") && field.value !== field.defaultValue ? [field.value] : [];
  });
  return texts.slice(0, 3).join(", ");
}

function restore(form, found) {
  const asked = new URLSearchParams(location.search);
  if (Number(found.rows) > Number(form.elements.rows?.value) && asked.get("rows") !== found.rows) {
    asked.set("rows", found.rows);
    return location.replace(`?${asked}`);
  }
  fill(form, found);
  document.getElementById("draft").replaceChildren(`${form.dataset.restored} `, quietButton(form.dataset.discard, () => {
    drafts.forget((each) => !each || each.event === found.event);
    form.reset();
    location.reload();
  }));
}

/** Name the other drafts of this form, to be taken up or thrown away; those that another tab is at work on are left to it. */
async function offer(form, left) {
  const list = document.getElementById("drafts");
  const held = navigator.locks ? (await navigator.locks.query()).held.map((each) => each.name) : [];
  const free = left.filter((each) => !held.includes(`${DRAFTS}${each.event}`));
  list.replaceChildren(...free.slice(0, MOST_OFFERED).map((each) => {
    const line = document.createElement("li");
    line.append(
      `${form.dataset.waits.replace("{about}", each.about || "–")} `,
      quietButton(form.dataset.takeUp, async () => (await taken(each.event)) && (restore(form, each), line.remove())),
      " ",
      quietButton(form.dataset.away, () => (drafts.forget((one) => !one || one.event === each.event), line.remove())),
    );
    return line;
  }));
}

function quietButton(text, work) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: text });
  button.addEventListener("click", work);
  return button;
}

function fill(form, { event, based_on: basedOn, values }) {
  form.elements.event.value = event;
  if (basedOn) form.elements.based_on.value = basedOn;
  const typed = Map.groupBy ? Map.groupBy(values, ([name]) => name) : grouped(values);
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden") continue;
    const those = (typed.get(field.name) ?? []).map(([, value]) => value);
    if (field.type === "checkbox" || field.type === "radio") field.checked = those.includes(field.value);
    else if (those.length) field.value = those[0];
    if (those.some(Boolean) && field.closest("details") && field.value !== field.defaultValue) field.closest("details").open = true;
  }
  form.dispatchEvent(new Event("change"));
}

function grouped(pairs) {
  const found = new Map();
  for (const pair of pairs) found.set(pair[0], [...(found.get(pair[0]) ?? []), pair]);
  return found;
}

/** Say how a date is read, and what stands already that is like what is being typed. */
function reading() {
  const field = document.querySelector("input[data-date]");
  if (!field) return;
  const said = document.getElementById(field.dataset.date);
  const alike = document.getElementById("alike");
  const lang = document.documentElement.lang;
  const look = calmly(async () => {
    const text = field.value.trim();
    const read = text ? await asked("/reports/v1/dates", { text, lang }) : null;
    if (field.value.trim() !== text) return;
    said.textContent = !read ? "" : read.readings.length ? said.dataset.read.replace("{date}", read.in_words.join(" / ")) : said.dataset.unread;
    if (!alike) return;
    const { partnership, indicator, direction } = field.form.elements;
    if (read?.readings.length !== 1 || !partnership?.value || !indicator.value) return alike.replaceChildren();
    const like = { partnership: partnership.value, indicator: indicator.value, occurred: read.readings[0], lang };
    const found = await asked("/reports/v1/likenesses", direction.value ? { ...like, direction: direction.value } : like);
    if (field.value.trim() === text) show(alike, found?.items ?? [], lang);
  });
  field.form.addEventListener("input", (event) => {
    if (["occurred", "partnership", "indicator", "direction", "reached"].includes(event.target.name)) look();
  });
  field.form.addEventListener("change", look);
  if (field.value) look();
}

function show(place, items, lang) {
  if (!items.length) return place.replaceChildren();
  const list = document.createElement("ul");
  for (const { id, in_words: when, title } of items) {
    const link = Object.assign(document.createElement("a"), { href: `/activities/${id}`, textContent: title[lang] ?? Object.values(title)[0] });
    const line = document.createElement("li");
    line.append(`${when}: `, link);
    list.append(line);
  }
  const heading = Object.assign(document.createElement("strong"), { textContent: place.dataset.said });
  const box = Object.assign(document.createElement("div"), { className: "notice warn" });
  box.append(heading, list);
  place.replaceChildren(box);
}

/** Send an event, again and again under the same id while the line is broken, and go to its receipt. */
function sending() {
  const form = document.querySelector("form[data-send]");
  if (!form) return;
  const said = document.getElementById("sending");
  const button = form.querySelector("button");
  const { id, type, data } = form.elements;
  const body = `{"id":${JSON.stringify(id.value)},"type":${JSON.stringify(type.value)},"data":${data.value}}`;
  let isUnderWay = false, again;
  const send = async () => {
    if (isUnderWay) return;
    isUnderWay = true;
    clearTimeout(again);
    try {
      const answer = await fetch("/ingest/v1/events", { method: "POST", body, headers: { "Content-Type": "application/json" } });
      if (answer.ok) return arrive(await answer.json());
      if (![502, 503, 504].includes(answer.status)) return form.submit(); // the page says what is in the way
    } catch {
      // The line is broken; whether it was stored cannot be known, and need not be: the id is the same.
    }
    isUnderWay = false;
    said.textContent = form.dataset.broken;
    again = setTimeout(send, 3000);
  };
  const arrive = ({ position }) => {
    const lang = new URLSearchParams(location.search).get("lang") ?? new URL(form.action).searchParams.get("lang");
    location.assign(`${form.dataset.send}?${new URLSearchParams({ position, ...(lang && { lang }) })}`);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    said.textContent = form.dataset.sending;
    send();
  });
  addEventListener("online", () => button.disabled && send());
}

/** Fill in what proves a document, from the document itself, which is not sent anywhere. */
function evidence() {
  const place = document.getElementById("document");
  if (!place || !window.crypto?.subtle) return;
  place.hidden = false;
  place.querySelector("input").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    const { elements } = target.form;
    elements["evidence.hash"].value = `sha256:${[...digest].map((each) => each.toString(16).padStart(2, "0")).join("")}`;
    elements["evidence.media_type"].value = file.type || "application/octet-stream";
    elements["evidence.size"].value = file.size;
    if (!elements["evidence.title"].value) elements["evidence.title"].value = file.name;
    target.form.dispatchEvent(new Event("input"));
  });
}

/** Follow an import while something is done with it. */
function following() {
  const place = document.querySelector("[data-import]");
  if (!place) return;
  const bar = place.querySelector("progress");
  const look = async () => {
    const found = await asked(place.dataset.import, { limit: 1 });
    if (found && found.state !== place.dataset.state) return location.reload();
    if (found?.state === "loading") Object.assign(bar, { max: found.rows, value: found.done });
    setTimeout(look, 500);
  };
  setTimeout(look, 300);
}

for (const part of [keys, theme, years, live, draft, reading, sending, evidence, following]) part();
