// What the Rails application is in the tutorials: it serves the page, and says to Parlor who is there.

import { serve, socketUrl, tokenOf, userOf } from "../page/server.js";

serve({
  script: new URL("room_channel.js", import.meta.url),
  library: new URL("actioncable.esm.js", import.meta.resolve("@rails/actioncable")),
  answers: {
    // Where the page finds Parlor, and the token that says who it is.
    "GET /session": async ({ name }) => ({ url: socketUrl("/cable"), token: await tokenOf(userOf(name)) }),
  },
});
