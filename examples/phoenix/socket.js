// What stands in `assets/js/socket.js` of the tutorials: a socket, a channel, and a page that renders what it hears. The URL
// of the socket and its token are all that knows of Parlor.

import { Presence, Socket } from "phoenix";
import { ask, clear, name, room, show, tellPresent, tellState, whenSaid } from "./page.js";

document.title = "Phoenix Channels";

const { url, token } = await ask("session", { name });
const socket = new Socket(url, { authToken: token });
socket.onClose(() => tellState("disconnected"));
socket.connect();

// The last message that was heard: with each join the channel says it, and hears what came after it. The first time that
// is all that was ever said.
const last = { seq: 0 };
const channel = socket.channel(`room:${room}`, () => ({ last_seq: last.seq, epoch: last.epoch }));

channel.on(`room:${room}:new_message`, ({ seq, user, content }) => {
  last.seq = seq;
  show({ seq, user, text: content });
});

channel
  .join()
  .receive("ok", ({ epoch, gap }) => {
    // More was missed than is repeated: what comes is a new beginning.
    if (gap) clear();
    last.epoch = epoch;
    tellState("connected");
  })
  .receive("error", ({ reason }) => tellState(reason));

const presence = new Presence(channel);
presence.onSync(() => tellPresent(presence.list((_id, { user }) => user.username)));

whenSaid(
  (message, client_id) =>
    new Promise((resolve, reject) => {
      channel
        .push("message:add", { message, client_id })
        .receive("ok", resolve)
        .receive("error", ({ reason }) => reject(new Error(reason)))
        .receive("timeout", () => reject(new Error("there was no answer")));
    }),
);
