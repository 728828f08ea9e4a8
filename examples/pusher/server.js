// What the backend is in the tutorials: it signs for channels, lists messages, and publishes new ones with Pusher's server
// library. It has no database: Parlor keeps the messages.
//
//     PUSHER_APP_ID=1 PUSHER_KEY=parlor PUSHER_SECRET=parlor-secret PORT=3000 PARLOR=http://127.0.0.1:8080 node server.js

import Pusher from "pusher";
import { PARLOR, serve, userOf } from "../page/server.js";
import { history } from "./history.js";

const { PUSHER_APP_ID = "1", PUSHER_KEY = "parlor", PUSHER_SECRET = "parlor-secret" } = process.env;
const secure = PARLOR.protocol === "https:";
const [host, port] = [PARLOR.hostname, PARLOR.port || (secure ? "443" : "80")];
const pusher = new Pusher({ appId: PUSHER_APP_ID, key: PUSHER_KEY, secret: PUSHER_SECRET, host, port, useTLS: secure });

const person = (name) => {
  const user = userOf(name);
  return { id: user.id, username: user.name };
};

serve({
  script: new URL("message_service.js", import.meta.url),
  library: new URL("../web/pusher.js", import.meta.resolve("pusher-js")),
  answers: {
    "GET /session": () => ({ key: PUSHER_KEY, host, port, secure }),

    // Whoever asks is let into the channel, under the name that the page says.
    "POST /pusher/auth": ({ socket_id, channel_name, name }) => {
      const { id, username } = person(name);
      return pusher.authorizeChannel(socket_id, channel_name, { user_id: id, user_info: { name: username } });
    },

    "GET /messages": ({ room, name }) => history(room, userOf(name)),

    // Answered when it is stored. The author's page shows the answer; its connection, if it says which that is, is left out.
    "POST /messages": async ({ room, name, message, id, socket_id }) => {
      const user = person(name);
      const event = { message, user, client_id: id };
      const response = await pusher.trigger(`presence-room-${room}`, "new_message", event, {
        socket_id: socket_id || undefined,
      });
      const { seq } = await response.json();
      return { id, seq, message, user };
    },
  },
});
