// A page with the real phoenix, run by node: it does what it is told on its standard input, a JSON object a line, and
// tells on its standard output what its application is called with and what goes over the wire.
//
// Nothing of the library is changed. What a browser gives it is made here, as far as it asks for it: a WebSocket, and the
// memory of a tab.
//
//     node phoenix.js

import { createInterface } from "node:readline";
import { LongPoll, Presence, Socket } from "phoenix";
import WebSocket from "ws";

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

// Where WebSockets go instead, if something lets none through.
let webSockets;

class PageSocket extends WebSocket {
  constructor(url, protocols) {
    super(webSockets ?? url, protocols);
    tell({ connects: url, protocols });
    this.addEventListener("open", () => tell({ open: this.protocol }));
    this.addEventListener("message", ({ data }) => tell({ in: JSON.parse(data) }));
    this.addEventListener("close", ({ code }) => tell({ closed: code }));
    this.addEventListener("error", ({ message }) => tell({ failed: message }));
  }

  send(frame) {
    tell(typeof frame === "string" ? { out: JSON.parse(frame) } : { outBytes: frame.byteLength });
    super.send(frame);
  }
}

// The gateways that each take a request in turn, those to poll and those to post apart, as behind a balancer that knows no
// sessions.
let gateways = [];
let turns = {};

const balanced = (method, url) => {
  if (gateways.length === 0) return url;
  const turn = turns[method] ?? 0;
  turns[method] = turn + 1;
  return url.replace(new URL(url).origin, gateways[turn % gateways.length]);
};

// What long polling goes through: told as it was asked and answered.
const { fetch } = globalThis;
globalThis.fetch = async (url, options) => {
  const through = balanced(options.method, url);
  const answer = await fetch(through, options);
  const { status, token, messages } = JSON.parse(await answer.clone().text());
  tell({ polled: options.method, through: new URL(through).origin, token, status });
  (messages ?? []).forEach((message) => tell({ in: JSON.parse(message) }));
  return answer;
};

const memory = new Map();
const sessionStorage = {
  getItem: (key) => memory.get(key) ?? null,
  setItem: (key, value) => memory.set(key, value),
};

let socket;
let params;
const channels = new Map();

const deeds = {
  // Opens a socket; its parameters are asked for again with every connection, as tokens run out.
  connect({ url, params: first, options: given, webSockets: elsewhere }) {
    params = first ?? {};
    webSockets = elsewhere;
    const options = given ?? {};
    const transport = options.longPoll ? LongPoll : PageSocket;
    const authToken = options.authToken && (() => options.authToken);
    socket = new Socket(url, { transport, sessionStorage, ...options, authToken, params: () => params });
    socket.onOpen(() => tell({ on: "open" }));
    socket.onClose(({ code }) => tell({ on: "close", code }));
    socket.connect();
  },
  // From now on each request of long polling goes to another of these, given as `http://host:port`.
  balances({ gateways: all }) {
    gateways = all;
    turns = {};
  },
  // With the next connection it shows other parameters, and goes elsewhere if it is told.
  moves({ url, params: next }) {
    params = next ?? params;
    socket.endPoint = url ? `${url}/websocket` : socket.endPoint;
  },
  // Joins a topic; with every join it says the last seq that it has seen, if it is to resume.
  join({ as, topic, resumes = false, params: fixed = {} }) {
    let last;
    const given = () => (resumes && last !== undefined ? { ...fixed, last_seq: last } : fixed);
    const channel = socket.channel(topic, given);
    const presence = new Presence(channel);
    presence.onSync(() => tell({ as, on: "sync", data: presence.list((id, { metas }) => ({ id, count: metas.length })) }));
    channel.on(`${topic}:new_message`, (message) => {
      last = message.seq;
      tell({ as, on: "message", data: message });
    });
    channel.on("typing", (data) => tell({ as, on: "typing", data }));
    channel.onClose(() => tell({ as, on: "closed" }));
    channel.onError((reason) => tell({ as, on: "error", data: reason ?? null }));
    const join = channel.join();
    ["ok", "error", "timeout"].forEach((status) => join.receive(status, (data) => tell({ as, on: status, data })));
    channels.set(as, channel);
  },
  push({ as, event, payload, bytes }) {
    const push = channels.get(as).push(event, bytes ? new Uint8Array(bytes).buffer : payload);
    ["ok", "error", "timeout"].forEach((status) =>
      push.receive(status, (data) => tell({ as, on: `push ${status}`, event, data })),
    );
  },
  leave({ as }) {
    channels.get(as).leave();
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { do: deed, ...details } = JSON.parse(line);
    deeds[deed](details);
  })
  .on("close", () => process.exit(0));
