// What the service and the component are in the tutorials: a channel that tells of new messages, and a backend that has the
// old ones and takes what is said here. Where the host is and what its key is are all that knows of Parlor.

// In browsers, without a bundler, the library is a global.
import "pusher-js";
import { ask, name, room, show, tellPresent, tellState, whenSaid } from "./page.js";

const { Pusher } = globalThis;
document.title = "Pusher";

const { key, host, port, secure } = await ask("session");
const pusher = new Pusher(key, {
  cluster: "",
  wsHost: host,
  wsPort: port,
  wssPort: port,
  forceTLS: secure,
  enabledTransports: ["ws", "wss"],
  channelAuthorization: { endpoint: "pusher/auth", params: { name } },
});
const channel = pusher.subscribe(`presence-room-${room}`);

// A message comes from up to three sides: the channel, the list of old ones, and the backend's answer to its author.
// `show` shows it once.
const shows = ({ seq, user, message }) => show({ seq, user, text: message });

channel.bind("new_message", shows);

// Subscribed, again after each reconnection: from now on the channel tells everything, so what is loaded leaves no hole.
channel.bind("pusher:subscription_succeeded", async () => {
  tellMembers();
  try {
    const messages = await ask("messages", { room, name });
    messages.forEach(shows);
    tellState("connected");
  } catch (error) {
    tellState(error.message);
  }
});
channel.bind("pusher:subscription_error", ({ error }) => tellState(error ?? "this room is not open to you"));
pusher.connection.bind("state_change", ({ current }) => current !== "connected" && tellState(current));

function tellMembers() {
  const names = [];
  channel.members.each(({ id, info }) => names.push(info?.name ?? id));
  tellPresent(names);
}
channel.bind("pusher:member_added", tellMembers);
channel.bind("pusher:member_removed", tellMembers);

// The connection says which it is: it need not be told what the answer brings.
whenSaid(async (message, id) => {
  const socket_id = pusher.connection.socket_id ?? "";
  shows(await ask("messages", { room, name, message, id, socket_id }, "POST"));
});
