// What stands in `app/javascript/channels` of the tutorials: a consumer, a subscription, and a page that shows what it
// receives. The URL of the consumer is all that knows of Parlor.

import { createConsumer } from "@rails/actioncable";
import { ask, name, room, show, tellState, whenSaid } from "./page.js";

document.title = "Action Cable";

const { url, token } = await ask("session", { name });
const consumer = createConsumer(url);
consumer.addSubProtocol(`parlor.token.${token}`);

const channel = consumer.subscriptions.create(
  // `since_seq` brings what was said before, and all of it again after a reconnection: what is shown already is passed over.
  // With `presence` the others see who is here.
  { channel: "RoomChannel", room, since_seq: 0, presence: true },
  {
    connected() {
      tellState("connected");
    },
    disconnected() {
      tellState("disconnected");
    },
    rejected() {
      tellState("this room is not open to you");
    },
    received({ error, seq, user, message }) {
      if (error) tellState(error.message);
      else show({ seq, user, text: message });
    },
  },
);

whenSaid((message, client_id) => {
  if (!channel.perform("speak", { message, client_id })) throw new Error("not connected");
});
