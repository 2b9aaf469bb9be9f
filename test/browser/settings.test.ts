import { describe, expect, test } from "@jest/globals";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, desktop, phone } from "../support/browser/companion.ts";
import { lanName } from "../support/browser/launch.ts";
import { eventually } from "../support/server/daylongServer.ts";
import { useScene } from "../support/server/scene.ts";

const iphone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1";

describe("settings", () => {
  const settings = {
    VAPID_SUBJECT: "mailto:owner@example.org",
    PUBLIC_URL: `http://${lanName}`,
  };
  const scene = useScene({ every: "file", settings });
  const used = useChromium();
  const open = async (parts: Partial<Parameters<typeof Companion.paired>[0]> = {}) => {
    const companion = await Companion.paired(
      Object.assign({ browser: used.browser, server: scene.server, scope: "admin" as const }, parts),
    );
    await companion.goto("Settings");
    await companion.page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
    return companion;
  };
  const notifications = (companion: Companion) =>
    companion.page.getByRole("region", { name: "Notifications" });

  test("C05 A02: an admin revokes another browser, which says so at once, forgets its token and can pair again", async () => {
    const owner = await open({ screen: desktop });
    const other = await Companion.paired({
      browser: used.browser,
      server: scene.server,
      name: "Lost phone",
    });
    const row = owner.page
      .getByRole("list", { name: "Devices" })
      .getByRole("listitem")
      .filter({ hasText: "Lost phone" });
    await row.getByText("connected").waitFor();
    await owner.judge();
    other.watch.allow(/status of 401/);
    await row.getByRole("button", { name: "Revoke" }).click();
    await row.waitFor({ state: "detached" });
    await owner.page.getByText(/“Lost phone” is revoked/).waitFor();
    await other.page.getByRole("heading", { name: "This device is not paired any more" }).waitFor();
    await other.judge();
    await other.page.getByRole("button", { name: "Pair again" }).click();
    await other.page.getByRole("textbox", { name: "Pairing code" }).fill(await other.code());
    await other.finishPairing();
    await owner.close();
    await other.close();
  });

  test("C05 A01: a code for another device is shown as a QR and in words, and pairs one", async () => {
    const owner = await open();
    await owner.button("Pair another device").click();
    await owner.page.getByRole("img", { name: /^QR code/ }).waitFor();
    const code = await owner.page.getByText(/^[0-9A-Z]{5} [0-9A-Z]{5}$/).innerText();
    await owner.judge();
    const other = await Companion.open({ browser: used.browser, server: scene.server, screen: desktop });
    await other.page.goto(other.url);
    await other.page.getByRole("textbox", { name: "Pairing code" }).fill(code);
    await other.finishPairing("Desk");
    await owner.page.getByRole("list", { name: "Devices" }).getByText("Desk").waitFor();
    await owner.close();
    await other.close();
  });

  test("C05 D19: the name, muted kinds and quiet hours are kept by the server", async () => {
    const companion = await open();
    const { page } = companion;
    await page.getByRole("textbox", { name: "Name of this device" }).fill("My phone");
    await companion.button("Rename").click();
    await page.getByText("Kept.").first().waitFor();
    await page.getByRole("checkbox", { name: /^Replies/ }).uncheck();
    await page.getByRole("checkbox", { name: /^Quiet hours/ }).check();
    await page.getByLabel("From").fill("21:30");
    const mine = async () =>
      (await scene.server.ask("GET", "/api/devices")).body.devices.find(
        (device: { name: string }) => device.name === "My phone",
      );
    await eventually(
      "the quiet hours are kept",
      async () => (await mine()).preferences.quietHours?.startMinute === 1_290,
    );
    expect((await mine()).preferences).toMatchObject({
      mutedKinds: ["reply"],
      quietHours: { endMinute: 420 },
    });
    await page.reload();
    await page.getByRole("checkbox", { name: /^Quiet hours/, checked: true }).waitFor();
    expect(await page.getByRole("checkbox", { name: /^Replies/ }).isChecked()).toBe(false);
    await companion.judge();
    await companion.close();
  });

  test("C05 D17: notifications are shown as they are: off, blocked, and on an iPhone first to be added to the home screen", async () => {
    const off = await open();
    await notifications(off).getByText("Off", { exact: true }).waitFor();
    await notifications(off).getByRole("button", { name: "Turn on notifications" }).waitFor();
    await off.close();
    const apple = await open({ options: { userAgent: iphone } });
    await notifications(apple).getByText("First add Daylong to the home screen").waitFor();
    expect(await notifications(apple).getByRole("button").count()).toBe(0);
    await apple.judge();
    await apple.close();
    const blocked = await open();
    // Headless Chromium blocks what was not granted as soon as it is asked for.
    await notifications(blocked).getByRole("button", { name: "Turn on notifications" }).click();
    await notifications(blocked).getByText("Blocked in this browser").waitFor();
    await blocked.close();
    const reader = await open({ scope: "read" });
    await notifications(reader).getByText("This device may only look").waitFor();
    await reader.judge();
    await reader.close();
  });

  test("C05: over plain http in a home network the page pairs and says what is missing and which three ways bring it", async () => {
    const port = new URL(scene.server.url).port;
    const companion = await open({ url: `http://${lanName}:${port}` });
    const { page } = companion;
    expect(await page.evaluate("isSecureContext")).toBe(false);
    // The browser's own remark on a header that means nothing here.
    companion.watch.allow(/Cross-Origin-Opener-Policy header has been ignored/);
    await notifications(companion).getByText("Not possible over this connection").waitFor();
    const connection = page.getByRole("region", { name: "This connection" });
    for (const way of ["Tailscale", "A tunnel", "Your own certificate"])
      await connection.getByRole("term").filter({ hasText: way }).waitFor();
    await companion.judge();
    // It is a companion all the same: it chats, and keeps what is written while there is no network.
    const { body } = await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project });
    await companion.openSession(body.sessionId);
    await companion.say("say: over plain http");
    await companion.hear(/^(?!.*say:).*over plain http/s);
    companion.watch.allowBrokenConnections();
    await companion.context.setOffline(true);
    await companion.say("say: written without a network");
    await companion.context.setOffline(false);
    await companion.hear(/^(?!.*say:).*written without a network/s);
    expect(await companion.messages("You").count()).toBe(2);
    await companion.close();
  });

  test("C05: the help says what things are and what they cost, also to somebody who has not paired", async () => {
    const companion = await Companion.open({ browser: used.browser, server: scene.server, screen: phone });
    await companion.page.goto(`${companion.url}/help`);
    await companion.page.getByRole("heading", { name: "The 24 hours" }).waitFor();
    await companion.page.getByText("Claude is not asked anything, so it costs nothing.").waitFor();
    await companion.judge();
    await companion.close();
  });
});
