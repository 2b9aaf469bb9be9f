import "../design/tokens.css";
import "../design/base.css";
import "../design/controls.css";
import "../text/text.css";
import "./shell.css";
import { render } from "preact";
import { openHostStore } from "../hosts/openHostStore.ts";
import { DaylongContext } from "../state/context.ts";
import { Daylong } from "../state/daylong.ts";
import { GoContext } from "../state/navigation.ts";
import { listenForKeys } from "./keys.ts";
import { Router } from "./router.ts";
import { Shell } from "./shell.tsx";
import { keepAboveKeyboard } from "./viewport.ts";

const store = await openHostStore();
const daylong = new Daylong(store);
const router = new Router();
const [host] = await store.hosts();
if (host) await daylong.open(host);

const page = document.getElementById("page");
listenForKeys(daylong, (path) => router.go(path));
if (page) {
  keepAboveKeyboard(page);
  render(
    <DaylongContext.Provider value={daylong}>
      <GoContext.Provider value={(path, options) => router.go(path, options)}>
        <Shell router={router} />
      </GoContext.Provider>
    </DaylongContext.Provider>,
    page,
  );
  // After the first picture: none of it is needed for that.
  void import("../push/startPush.ts").then(({ startPush }) => startPush(daylong));
}
