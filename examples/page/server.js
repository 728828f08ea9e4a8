// The server of an example: it serves the page with the library as npm has it, and answers what the example adds.
//
//     PORT=3000 PARLOR=http://127.0.0.1:8080 node server.js

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const { PORT = "3000" } = process.env;
export const PARLOR = new URL(process.env.PARLOR ?? "http://127.0.0.1:8080");

// More than any form of these pages.
const FORM_BYTES_MAX = 64 * 1024;

const here = (path) => new URL(path, import.meta.url);

// Serves the page with a script and a library (URLs of files). `answers` has a function for each request that is answered
// beside that, such as `GET /session`: it gets the fields, and what it returns is sent as JSON.
export function serve({ script, library, answers }) {
  const files = {
    "GET /": [here("index.html"), "text/html"],
    "GET /style.css": [here("style.css"), "text/css"],
    "GET /page.js": [here("page.js"), "text/javascript"],
    "GET /room.js": [script, "text/javascript"],
    "GET /library.js": [library, "text/javascript"],
  };

  async function answer(request) {
    const { pathname, searchParams } = new URL(request.url, "http://page");
    const asked = `${request.method} ${pathname}`;
    if (Object.hasOwn(files, asked)) return [files[asked][1], await readFile(files[asked][0])];
    if (!Object.hasOwn(answers, asked)) throw new Refused(404, "not found");
    const fields = request.method === "POST" ? await form(request) : searchParams;
    return ["application/json", JSON.stringify(await answers[asked](Object.fromEntries(fields)))];
  }

  const server = createServer(async (request, response) => {
    const send = (status, type, body) =>
      response.writeHead(status, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" }).end(body);
    try {
      send(200, ...(await answer(request)));
    } catch (error) {
      send(error.status ?? 502, "text/plain", `${error.message}\n`);
    }
  });
  server.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
}

// An answer that is no success.
class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function form(request) {
  let body = "";
  for await (const part of request.setEncoding("utf8")) {
    body += part;
    if (body.length > FORM_BYTES_MAX) throw new Refused(413, "too large");
  }
  return new URLSearchParams(body);
}

// Who somebody of this name is. There are no passwords here: whoever asks gets in.
export const userOf = (name = "guest") => ({ id: `guest-${name.toLowerCase()}`, name });

// The token that says it to Parlor. A real application signs it by itself, with the key that Parlor has as `auth.secret`;
// here Parlor makes one for whoever asks, as it does in development only.
export async function tokenOf({ id: user, name }) {
  const asked = await fetch(new URL("/dev/token", PARLOR), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user, name }),
  });
  if (!asked.ok) throw new Error(`Parlor gives no token: ${asked.status} ${await asked.text()}`);
  return (await asked.json()).token;
}

// Where Parlor takes WebSockets.
export function socketUrl(path) {
  const url = new URL(path, PARLOR);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}
