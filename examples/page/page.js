// What the pages have in common: which room it is and who is here, the list of messages, and the form below it.

const params = new URLSearchParams(location.search);
export const room = params.get("room") ?? "lobby";
export const name = params.get("name") ?? "guest";

const find = (selector) => document.querySelector(selector);
const list = find("#messages");
const form = find("form");
find("#room").textContent = room;

// What the server of the example answers: a GET, or a POST of a form.
export async function ask(path, form = {}, method = "GET") {
  const fields = new URLSearchParams(form);
  const response = method === "GET" ? await fetch(`${path}?${fields}`) : await fetch(path, { method, body: fields });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

export function tellState(text) {
  find("#state").textContent = text;
}

export function tellPresent(names) {
  find("#present").textContent = `${names.length} here`;
  find("#present").title = names.join(", ");
}

// Shows a message, where it belongs: `seq` counts 1, 2, 3 … in each room. One that is shown already is passed over.
export function show({ seq, user, text }) {
  const rows = [...list.children];
  const before = rows.findLastIndex((row) => Number(row.dataset.seq) <= seq);
  if (before >= 0 && Number(rows[before].dataset.seq) === seq) return;
  const shown = find("template").content.firstElementChild.cloneNode(true);
  shown.dataset.seq = seq;
  // As text: what people write is no HTML.
  shown.querySelector("strong").textContent = user.username;
  shown.querySelector("span").textContent = text;
  list.insertBefore(shown, rows[before + 1] ?? null);
  list.scrollTop = list.scrollHeight;
}

export function clear() {
  list.replaceChildren();
}

// Calls `send` with what is to be said, and an id for it. What fails comes back into the form; said again it has the same
// id, so that it is one message even if it had been stored.
export function whenSaid(send) {
  const failed = new Map();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = form.elements.message.value;
    const id = failed.get(text) ?? crypto.randomUUID();
    form.reset();
    try {
      await send(text, id);
      if (failed.delete(text)) tellState("connected");
    } catch (error) {
      failed.set(text, id);
      form.elements.message.value ||= text;
      tellState(error.message);
    }
  });
}
