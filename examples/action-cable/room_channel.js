// What stands in `app/javascript/channels` of the tutorials: a consumer, a subscription, and a page that shows what it
// receives. The URL of the consumer is all that knows of Parlor.

import { createConsumer } from "@rails/actioncable";

const params = new URLSearchParams(location.search);
const room = params.get("room") ?? "lobby";
const name = params.get("name") ?? "guest";
const messageBox = document.querySelector(".message-box");
const form = document.querySelector("form");
const state = document.querySelector("#state");
document.querySelector("#room").textContent = room;

const { url, token } = await (await fetch(`session?${new URLSearchParams({ name })}`)).json();
const consumer = createConsumer(url);
consumer.addSubProtocol(`parlor.token.${token}`);

// `since_seq` brings what was said before, and all of it again after a reconnection: what is shown already is passed over.
let last = 0;

const channel = consumer.subscriptions.create(
  { channel: "RoomChannel", room, since_seq: 0 },
  {
    connected() {
      state.textContent = "connected";
    },
    disconnected() {
      state.textContent = "disconnected";
    },
    rejected() {
      state.textContent = "this room is not open to you";
    },
    received(data) {
      if (data.error) {
        state.textContent = data.error.message;
      } else if (data.seq > last) {
        last = data.seq;
        show(data);
      }
    },
  },
);

function show({ user, message, seq }) {
  const shown = document.querySelector("template").content.cloneNode(true);
  // As text: what people write is no HTML.
  shown.querySelector(".message-header").textContent = user.username;
  shown.querySelector(".message-body").textContent = message;
  shown.querySelector(".message").dataset.seq = seq;
  messageBox.append(shown);
  messageBox.scrollTop = messageBox.scrollHeight;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  channel.perform("speak", { message: form.elements.message.value });
  form.reset();
});
