// A page with the unmodified pusher-js or laravel-echo, run by node: told what to do by lines of JSON, and telling in the
// same way what its application is called with, and what goes over the wire. In node pusher-js has a build of its own, which
// asks for the signatures of channels and opens WebSockets as that of browsers does.
//
//     node pusher.js

import { createInterface } from "node:readline";
import Echo from "laravel-echo";
import Backend from "pusher";
import Pusher from "pusher-js";

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

// Pusher's own log is where frames can be seen that clients send.
Pusher.log = (line) => {
  const sent = /^Pusher : +: \["Event sent",(.*)\]$/.exec(line);
  if (sent) tell({ out: JSON.parse(sent[1]) });
};

let pusher;
let echo;
const channels = new Map();

// Where the application signs by itself: its endpoints, with the server library.
const own = (key, { app: appId, secret, user, master }) => {
  const backend = new Backend({ appId, key, secret, host: "unused", encryptionMasterKeyBase64: master });
  const presence = (channel) => (channel.startsWith("presence-") ? (user ?? undefined) : undefined);
  return {
    channel: ({ socketId, channelName }, done) => {
      const known = channelName.includes("-room-") ? (user ?? undefined) : presence(channelName);
      done(null, backend.authorizeChannel(socketId, channelName, known));
    },
    user: ({ socketId }, done) => done(null, backend.authenticateUser(socketId, { id: user.user_id })),
  };
};

const options = ({ key, host, port, authorize, nameAt, token, signs }) => ({
  cluster: "",
  wsHost: host,
  wsPort: port,
  forceTLS: false,
  enabledTransports: ["ws"],
  disableStats: true,
  channelAuthorization: signs
    ? { customHandler: own(key, signs).channel }
    : { endpoint: authorize, headers: { authorization: `Bearer ${token}` } },
  ...(signs?.user ? { userAuthentication: { customHandler: own(key, signs).user } } : {}),
  ...(signs ? {} : { userAuthentication: { endpoint: nameAt, headers: { authorization: `Bearer ${token}` } } }),
});

// Tells what a channel is called with: all of its events, and those of the library.
const listen = (name, channel) =>
  channel.bind_global((event, data) => tell({ as: name, on: event, data: data?.members ?? data }));

const watch = () => {
  pusher.connection.bind("state_change", ({ current }) => tell({ state: current }));
  pusher.connection.bind("message", (frame) => tell({ in: frame }));
  pusher.connection.bind("error", (error) => tell({ error: error?.error?.data ?? error?.data ?? error }));
};

const deeds = {
  connect(where) {
    pusher = new Pusher(where.key, options(where));
    watch();
  },
  // The same by Laravel's library.
  echo(where) {
    deeds.connect(where);
    echo = new Echo({ broadcaster: "pusher", client: pusher });
  },
  subscribe({ channel }) {
    const subscribed = pusher.subscribe(channel);
    listen(channel, subscribed);
    channels.set(channel, subscribed);
  },
  // Becomes known as its user, and hears what is for that one alone.
  signin() {
    pusher.user.bind_global((event, data) => tell({ as: "user", on: event, data }));
    pusher.bind("pusher:signin_success", () => tell({ as: "user", on: "signed in" }));
    pusher.signin();
  },
  // Says which its connection is, as it would say to its backend.
  socket() {
    tell({ socket: echo ? echo.socketId() : pusher.connection.socket_id });
  },
  // What the library would never send.
  raw({ frame }) {
    pusher.connection.send_event(frame.event, frame.data, frame.channel);
  },
  unsubscribe({ channel }) {
    pusher.unsubscribe(channel);
  },
  trigger({ channel, event, data }) {
    channels.get(channel).trigger(event, data);
  },
  // A private channel of Laravel, by the name without its prefix.
  private({ name, event, whisper }) {
    const channel = echo.private(name);
    channels.set(name, channel);
    channel
      .subscribed(() => tell({ as: name, on: "subscribed" }))
      .error((error) => tell({ as: name, on: "error", data: error }))
      .listen(event, (data) => tell({ as: name, on: event, data }))
      .listenForWhisper(whisper, (data) => tell({ as: name, on: whisper, data }));
  },
  whisper({ name, event, data }) {
    channels.get(name).whisper(event, data);
  },
  leave({ name }) {
    echo.leave(name);
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { do: deed, ...details } = JSON.parse(line);
    deeds[deed](details);
  })
  .on("close", () => process.exit(0));
