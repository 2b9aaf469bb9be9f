import { describe, expect, test } from "@jest/globals";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, desktop, phone } from "../support/browser/companion.ts";
import { eventually } from "../support/server/daylongServer.ts";
import { useScene } from "../support/server/scene.ts";

describe("the monitor", () => {
  const scene = useScene({ every: "file", settings: { RESOURCE_SAMPLE_SECONDS: "0.5" } });
  const used = useChromium();

  const begin = async (message: string): Promise<string> =>
    (
      await scene.server.ask(
        "POST",
        "/api/chat",
        { message, projectPath: scene.bench.project },
        { headers: { prefer: "wait=60" } },
      )
    ).body.sessionId;
  const monitorOf = async (screen: typeof phone, scope: "admin" | "chat" | "read" = "admin") => {
    const companion = await Companion.paired({ browser: used.browser, server: scene.server, screen, scope });
    await companion.goto("Monitor");
    const table = companion.page.getByRole("table", { name: "Live sessions" });
    await table.waitFor();
    return { companion, table, page: companion.page };
  };
  const figure = (page: Companion["page"], name: string) =>
    page
      .getByRole("term")
      .filter({ hasText: new RegExp(`^${name}$`) })
      .locator("xpath=following-sibling::dd");

  test("O07: it shows how long events take, and that no message is lost and nothing came twice", async () => {
    await begin("say: measured");
    const { companion, page } = await monitorOf(phone);
    // Only frames to a connection are measured, and the page is the first one.
    await begin("say: and seen");
    const frames = figure(page, "First frame");
    await eventually("frames were measured", async () => /ms 99 % within/.test(await frames.innerText()));
    // The page acknowledges a frame some moments after it came.
    const acks = figure(page, "Ack");
    await eventually("acks were measured", async () => / m?s/.test(await acks.innerText()));
    expect(await figure(page, "Push accepted").innerText()).toBe("none yet");
    expect(await figure(page, "Lost messages").innerText()).toBe("0");
    expect(await figure(page, "Delivered twice").innerText()).toBe("0");
    await companion.judge();
    await companion.close();
  });

  test.each([
    ["a phone", phone],
    ["a desktop", desktop],
  ])(
    "C06: on %s it shows a live session with its process and use, recaps it, keeps it alive, and ends its process",
    async (name, screen) => {
      const title = `say: seen on ${name}`;
      const sessionId = await begin(title);
      const { companion, table, page } = await monitorOf(screen);
      const row = table.getByRole("row").filter({ hasText: title });
      const { body: before } = await scene.server.ask("GET", `/api/sessions/${sessionId}`);
      await row.getByText(String(before.process.pid)).waitFor();
      await row
        .getByText(/\d+ MB/)
        .first()
        .waitFor();
      await page.getByRole("img", { name: /^Memory and CPU of all processes/ }).waitFor();
      await companion.judge();

      await row.getByRole("button", { name: "Recap" }).click();
      await row.getByText("Recap: you wrote 1 message.").waitFor();
      await row.getByRole("button", { name: "Keep alive" }).click();
      await row.getByText(/^Kept: expires in/).waitFor();
      const { body: kept } = await scene.server.ask("GET", `/api/sessions/${sessionId}`);
      expect(kept.lease.term).toBeGreaterThan(before.lease.term);

      await row.getByRole("button", { name: "End", exact: true }).click();
      await row.waitFor({ state: "detached" });
      await page.getByText(`${title}: ended. The next message wakes it.`).waitFor();
      const { body: ended } = await scene.server.ask("GET", `/api/sessions/${sessionId}`);
      expect([ended.state, ended.process]).toEqual(["parked", undefined]);
      await page
        .getByRole("list", { name: "Lifecycle log" })
        .getByText("Parked: was ended by a device")
        .first()
        .waitFor();
      await companion.judge();
      await companion.close();
    },
  );

  test("C06: a slider moves a limit at once, within its bounds, and back to its default", async () => {
    const { companion, page } = await monitorOf(desktop);
    const slider = page.getByRole("slider", { name: "maxConcurrentSessions", exact: true });
    const inForce = async () => (await scene.server.ask("GET", "/api/settings")).body.maxConcurrentSessions;
    expect(await slider.inputValue()).toBe("10");
    await slider.focus();
    await slider.press("ArrowRight");
    await eventually("the limit is eleven", async () => (await inForce()).value === 11);
    await page.getByRole("list", { name: "Audit log" }).getByText("maxConcurrentSessions 10 -> 11").waitFor();

    const exact = page.getByRole("spinbutton", { name: "maxConcurrentSessions, exact value" });
    await exact.fill("5000");
    companion.watch.allow(/status of 400/);
    await exact.press("Tab");
    await page.getByRole("status").filter({ hasText: "at most 1000" }).waitFor();
    expect((await inForce()).value).toBe(11);
    await page.getByRole("button", { name: "maxConcurrentSessions: back to default" }).click();
    await eventually("the default is back", async () => (await inForce()).source === "default");
    await slider.and(page.locator("[aria-valuetext='10']")).waitFor();

    const fixed = page.getByRole("slider", { name: "resourceSampleSeconds", exact: true });
    expect(await fixed.isDisabled()).toBe(true);
    await page.getByText("fixed by RESOURCE_SAMPLE_SECONDS in the environment").waitFor();
    await companion.close();
  });

  test("C06: figures, health in words, cost and the audit log are there, and change while it is looked at", async () => {
    await begin("say: costly");
    const { companion, page } = await monitorOf(desktop);
    await page.getByText("Database: works").waitFor();
    await page.getByText("Apple push: off: no key is set").waitFor();
    await page.getByRole("img", { name: /^Cost by day, 1 day: \$/ }).waitFor();
    await page.getByText("Nothing is wrong.").waitFor();
    const live = figure(page, "Live");
    const before = await live.innerText();
    await begin("say: one more");
    await page.getByRole("link", { name: "say: one more" }).last().waitFor();
    expect(await live.innerText()).not.toBe(before);
    await companion.close();
  });

  test("C06 A02: a device that may only chat is told what is hidden from it, and one that may only look has no buttons", async () => {
    await begin("say: hidden");
    const chat = await monitorOf(desktop, "chat");
    await chat.page
      .getByText(/has the scope “chat”: limits, the audit log and other devices’ pushes are hidden/)
      .waitFor();
    await chat.table.getByRole("button", { name: "End", exact: true }).first().waitFor();
    expect(await chat.page.getByRole("slider").count()).toBe(0);
    await chat.companion.close();
    const reader = await monitorOf(phone, "read");
    await reader.page.getByText(/and so is what acts on sessions/).waitFor();
    expect(await reader.table.getByRole("button").count()).toBe(0);
    await reader.companion.judge();
    await reader.companion.close();
  });

  test("C06: an incident says what is wrong, since when, and what is done about it", async () => {
    const { companion, page } = await monitorOf(phone);
    scene.model.failEverything(401);
    await scene.server.ask("POST", "/api/chat", { message: "say: lost", projectPath: scene.bench.project });
    const incident = page
      .getByRole("region", { name: "Incidents" })
      .getByRole("listitem")
      .filter({ hasText: "weak" });
    await incident.filter({ hasText: "since" }).first().waitFor();
    await companion.judge();
    scene.model.failEverything(undefined);
    await companion.close();
  });
});
