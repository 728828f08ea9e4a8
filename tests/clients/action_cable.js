// A page with the real @rails/actioncable, run by node: it does what it is told on its standard input, a JSON object a
// line, and tells on its standard output what its application is called with and what goes over the wire.
//
// Nothing of the library is changed. What a browser gives it is made here, as far as it asks for it: a WebSocket, the
// events of the page, and a cookie.
//
//     node action_cable.js

import { createInterface } from "node:readline";
import cable from "@rails/actioncable";
import WebSocket from "ws";

const events = new EventTarget();
globalThis.addEventListener = (...args) => events.addEventListener(...args);
globalThis.removeEventListener = (...args) => events.removeEventListener(...args);
globalThis.document = { visibilityState: "visible" };

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

let cookie;

class PageSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, cookie ? { headers: { cookie } } : {});
    this.addEventListener("message", ({ data }) => tell({ in: JSON.parse(data) }));
    this.addEventListener("close", ({ code }) => tell({ closed: code }));
  }

  send(frame) {
    tell({ out: JSON.parse(frame) });
    super.send(frame);
  }
}

cable.adapters.WebSocket = PageSocket;

let url;
let consumer;
const subscriptions = new Map();

const deeds = {
  // Opens a consumer; its URL is asked for again with every connection, as tokens run out.
  connect({ url: first, protocols = [], cookie: shown }) {
    url = first;
    cookie = shown;
    consumer = cable.createConsumer(() => url);
    protocols.forEach((protocol) => consumer.addSubProtocol(protocol));
    consumer.connect();
  },
  moves({ url: next }) {
    url = next;
  },
  subscribe({ as, params }) {
    const on = (name) => (data) => tell({ as, on: name, data });
    const callbacks = ["connected", "disconnected", "rejected", "received"].map((name) => [name, on(name)]);
    subscriptions.set(as, consumer.subscriptions.create(params, Object.fromEntries(callbacks)));
  },
  perform({ as, action, data }) {
    subscriptions.get(as).perform(action, data);
  },
  send({ as, data }) {
    subscriptions.get(as).send(data);
  },
  unsubscribe({ as }) {
    subscriptions.get(as).unsubscribe();
  },
  // Somebody looks at the page: the library does not wait any longer to come back.
  look() {
    events.dispatchEvent(new Event("visibilitychange"));
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { do: deed, ...details } = JSON.parse(line);
    deeds[deed](details);
  })
  .on("close", () => process.exit(0));
