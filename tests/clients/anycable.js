// A page with the real @anycable/core in its extended protocol, run by node: it does what it is told on its standard
// input, a JSON object a line, and tells on its standard output what its application is called with and what goes over
// the wire.
//
// Nothing of the library is changed. Browsers hand each frame over in a task of its own, so here, too.
//
//     node anycable.js

import { createInterface } from "node:readline";
import { createCable } from "@anycable/core";
import WebSocket from "ws";

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

class PageSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { allowSynchronousEvents: false });
    this.addEventListener("message", ({ data }) => tell({ in: JSON.parse(data) }));
    this.addEventListener("close", ({ code }) => tell({ closed: code }));
  }

  send(frame) {
    tell({ out: JSON.parse(frame) });
    super.send(frame);
  }
}

let cable;
const channels = new Map();

const deeds = {
  connect({ url, token, options = {} }) {
    cable = createCable(url, {
      protocol: "actioncable-v1-ext-json",
      websocketImplementation: PageSocket,
      websocketAuthStrategy: "sub-protocol",
      auth: { token },
      logLevel: "error",
      ...options,
    });
    cable.on("connect", (data) => tell({ on: "connect", data }));
    cable.on("disconnect", ({ reason }) => tell({ on: "disconnect", data: reason }));
    cable.on("close", (closed) => tell({ on: "close", data: closed?.reason }));
    cable.connect().catch(() => {});
  },
  // The next connection goes elsewhere.
  moves({ url }) {
    cable.transport.setURL(url);
  },
  subscribe({ as, params }) {
    const channel = cable.subscribeTo("RoomChannel", params);
    for (const name of ["connect", "disconnect", "info", "presence"]) {
      channel.on(name, (data) => tell({ as, on: name, data: data instanceof Error ? data.reason : data }));
    }
    channel.on("close", (closed) => tell({ as, on: "close", data: closed?.name }));
    channel.on("message", (data, meta) => tell({ as, on: "message", data, meta }));
    channels.set(as, channel);
  },
  perform({ as, action, data }) {
    channels.get(as).perform(action, data);
  },
  whisper({ as, data }) {
    channels.get(as).whisper(data);
  },
  join({ as, id, info }) {
    channels.get(as).presence.join(id, info);
  },
  leave({ as }) {
    channels.get(as).presence.leave();
  },
  async who({ as }) {
    tell({ as, on: "who", data: await channels.get(as).presence.info() });
  },
  unsubscribe({ as }) {
    channels.get(as).disconnect();
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { do: deed, ...details } = JSON.parse(line);
    deeds[deed](details);
  })
  .on("close", () => process.exit(0));
