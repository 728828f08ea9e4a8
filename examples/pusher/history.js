// What was said in a room. Pusher has no words for that, so this asks in Parlor's own protocol (docs/protocol.md).

import WebSocket from "ws";
import { socketUrl, tokenOf } from "../page/server.js";

// Parlor answers within five seconds, whatever it is.
const PATIENCE_MS = 10_000;

// The newest messages of a room, oldest first, as somebody may read them: as many as Parlor gives in one page.
export async function history(room, reader) {
  const socket = new WebSocket(socketUrl("/ws"), ["parlor.v1", `parlor.token.${await tokenOf(reader)}`]);
  const patience = setTimeout(() => socket.terminate(), PATIENCE_MS);
  try {
    const messages = await answer(socket, { type: "history", ref: 1, room });
    return messages.filter(({ deleted }) => !deleted).map(asPusherHasIt);
  } finally {
    clearTimeout(patience);
    socket.close();
  }
}

function answer(socket, request) {
  return new Promise((resolve, reject) => {
    socket.on("open", () => socket.send(JSON.stringify(request)));
    socket.on("message", (text) => {
      const frame = JSON.parse(text);
      if (frame.type === "history") resolve(frame.messages);
      if (frame.type === "refused") reject(new Error(frame.message));
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("Parlor gave no answer")));
  });
}

const asPusherHasIt = ({ id, seq, body, user, at }) => ({
  id,
  seq,
  message: body,
  user: { id: user.id, username: user.name },
  sent_at: at,
});
