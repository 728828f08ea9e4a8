// What the Rails application is in the tutorials: it serves the page, and says to Parlor who is there.
//
//     PORT=3000 PARLOR=http://127.0.0.1:8080 node server.js
//
// A real one signs the token itself, with the key that Parlor has as `auth.secret`. Here Parlor makes one for whoever
// asks, as it does in development only.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";

const { PORT = "3000", PARLOR = "http://127.0.0.1:8080" } = process.env;

const here = (path) => new URL(path, import.meta.url);
const library = new URL(import.meta.resolve("@rails/actioncable"));

// Everything that is served; nothing else can be asked for.
const files = {
  "/": [here("index.html"), "text/html"],
  "/style.css": [here("style.css"), "text/css"],
  "/room_channel.js": [here("room_channel.js"), "text/javascript"],
  "/actioncable.esm.js": [new URL("actioncable.esm.js", library), "text/javascript"],
};

// Where the page finds Parlor, and the token that says who it is.
async function session(name) {
  const user = `guest-${name.toLowerCase()}`;
  const asked = await fetch(new URL("/dev/token", PARLOR), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user, name }),
  });
  if (!asked.ok) throw new Error(`Parlor gives no token: ${asked.status} ${await asked.text()}`);
  const { token } = await asked.json();
  const url = new URL("/cable", PARLOR);
  url.protocol = url.protocol.replace("http", "ws");
  return { url, token };
}

async function answer({ pathname, searchParams }) {
  if (pathname === "/session") {
    const body = JSON.stringify(await session(searchParams.get("name") ?? "guest"));
    return [200, "application/json", body];
  }
  const known = files[pathname];
  return known ? [200, known[1], await readFile(known[0])] : [404, "text/plain", "not found\n"];
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://page");
  const [status, type, body] = await answer(url).catch((error) => [502, "text/plain", `${error.message}\n`]);
  response.writeHead(status, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" });
  response.end(body);
});

server.listen(Number(PORT), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
