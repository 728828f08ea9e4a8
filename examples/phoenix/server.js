// What the Phoenix application is in the tutorials: it serves the page, and says to Parlor who is there.

import { serve, socketUrl, tokenOf, userOf } from "../page/server.js";

serve({
  script: new URL("socket.js", import.meta.url),
  library: new URL(import.meta.resolve("phoenix")),
  answers: {
    // Where the page finds Parlor, and the token that says who it is.
    "GET /session": async ({ name }) => ({ url: socketUrl("/socket"), token: await tokenOf(userOf(name)) }),
  },
});
