// A backend with the unmodified server library of Pusher from npm: told what to publish by lines of JSON.
//
//     node backend.js

import { createHash, createHmac } from "node:crypto";
import { createInterface } from "node:readline";
import Pusher from "pusher";

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

let pusher;
let at;

const answer = async (call) => {
  try {
    const response = await call;
    tell({ status: response.status, body: await response.json() });
  } catch (error) {
    tell({ status: error.status ?? null, error: String(error.body ?? error.message) });
  }
};

const deeds = {
  configure({ app: appId, key, secret, host, port, master }) {
    at = `http://${host}:${port}`;
    const encryptionMasterKeyBase64 = master;
    pusher = new Pusher({ appId, key, secret, host, port, useTLS: false, encryptionMasterKeyBase64 });
  },
  trigger({ channels, event, data, params }) {
    return answer(pusher.trigger(channels, event, data, params));
  },
  // Asks about channels.
  look({ path, params }) {
    return answer(pusher.get({ path, params }));
  },
  terminate({ user }) {
    return answer(pusher.terminateUserConnections(user));
  },
  send_to_user({ user, event, data }) {
    return answer(pusher.sendToUser(user, event, data));
  },
  batch({ events }) {
    return answer(pusher.triggerBatch(events));
  },
  // What no library would send: signed here, and then perhaps not what was signed.
  async forge({ secret, shift = 0, upper, sends, channels, batch, body }) {
    const event = { name: "new_message", channel: "private-room-r7", data: "forged" };
    const many = { name: event.name, data: event.data, channels: Array(channels).fill(event.channel) };
    const path = `/apps/3/${batch ? "batch_events" : "events"}`;
    const content = batch ? { batch: Array(batch).fill(event) } : channels ? many : event;
    const text = body ?? JSON.stringify(content);
    const digest = createHash("md5").update(text).digest("hex");
    const time = Math.floor(Date.now() / 1000) + shift;
    const query = `auth_key=town&auth_timestamp=${time}&auth_version=1.0&body_md5=${digest}`;
    const mac = createHmac("sha256", secret).update(`POST\n${path}\n${query}`).digest("hex");
    const signature = upper ? mac.toUpperCase() : mac;
    const url = `${at}${path}?${query}&auth_signature=${signature}`;
    const response = await fetch(url, { method: "POST", body: sends ?? text });
    tell({ status: response.status });
  },
  // What the application's own endpoint would answer.
  authorize({ socket, channel, user }) {
    tell({ signed: pusher.authorizeChannel(socket, channel, user) });
  },
};

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const { do: deed, ...details } = JSON.parse(line);
    try {
      await deeds[deed](details);
    } catch (error) {
      tell({ status: null, error: error.message });
    }
  })
  .on("close", () => process.exit(0));
