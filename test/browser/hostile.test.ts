import { describe, expect, test } from "@jest/globals";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, desktop, phone } from "../support/browser/companion.ts";
import { overflowingPixels } from "../support/browser/pageWatch.ts";
import { useScene } from "../support/server/scene.ts";

const evil = "http://evil.example";

/** Texts that a page which trusts them would run, load or be torn apart by. */
const texts: Record<string, string> = {
  scripts: [
    "<script>window.ran = 1</script>",
    "<img src=x onerror=window.ran=2>",
    "<svg onload=window.ran=3><script>window.ran=4</script></svg>",
    "<iframe srcdoc='<script>parent.ran=5</script>'></iframe>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.ran=6>",
    "<details open ontoggle=window.ran=7>x</details>",
    "<style>body{display:none}</style><base href='http://evil.example/'>",
    "<form action='http://evil.example'><input autofocus onfocus=window.ran=8></form>",
  ].join("\n\n"),
  links: [
    "[one](javascript:window.ran=11)",
    "[two](JaVaScRiPt&colon;window.ran=12)",
    "[three](data:text/html,<script>window.ran=13</script>)",
    "[four](vbscript:x)",
    "<a href='javascript:window.ran=14'>five</a>",
    "[six](//evil.example/x) and [seven][r]",
    "\n[r]: javascript:window.ran=15",
  ].join("\n"),
  remote: [
    `![picture](${evil}/a.png)`,
    `<img src="${evil}/b.png" srcset="${evil}/c.png 2x">`,
    `<video src="${evil}/d.mp4" poster="${evil}/e.png" autoplay></video>`,
    `<link rel=stylesheet href="${evil}/f.css">`,
    `<object data="${evil}/g"></object><embed src="${evil}/h">`,
    `<div style="background:url(${evil}/i.png)">styled</div>`,
  ].join("\n\n"),
  table: [
    `|${"column|".repeat(60)}`,
    `|${"---|".repeat(60)}`,
    ...Array.from({ length: 40 }, (_, row) => `|${`cell ${row}|`.repeat(60)}`),
  ].join("\n"),
  signs: `\u001b[31mred\u001b[0m \u202Eesrever\u202C zero\u200Bwidth \u0007bell \u2066isolate`,
  deep: `${"> ".repeat(400)}deep\n\n${Array.from({ length: 120 }, (_, depth) => `${"  ".repeat(depth)}- item`).join("\n")}`,
  word: `unbroken${"x".repeat(60_000)}`,
  fence: `\`\`\`html\n<script>window.ran = 21</script>\n${"y".repeat(5_000)}\n\`\`\``,
};

describe("a hostile reply", () => {
  const scene = useScene({ every: "file" });
  const used = useChromium();

  test("C05 A08: it runs nothing, loads nothing and breaks no layout, on a phone and on a desktop", async () => {
    const { body } = await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project });
    const companions = await Promise.all(
      [phone, desktop].map((screen) =>
        Companion.paired({ browser: used.browser, server: scene.server, screen }),
      ),
    );
    for (const companion of companions) await companion.openSession(body.sessionId);
    for (const [name, text] of Object.entries(texts)) {
      const answer = await scene.server.ask(
        "POST",
        "/api/chat",
        { sessionId: body.sessionId, message: `say: ${name} begins\n\n${text}` },
        { headers: { prefer: "wait=60" } },
      );
      expect([name, answer.status, answer.body.state]).toEqual([name, 200, "completed"]);
      for (const companion of companions) {
        const article = await companion.hear(`${name} begins`);
        await article.scrollIntoViewIfNeeded();
        expect([name, await overflowingPixels(companion.page)]).toEqual([name, 0]);
        for (const link of await article.getByRole("link").all())
          expect(await link.getAttribute("href")).toMatch(/^https?:|^mailto:|^#/);
      }
    }
    for (const companion of companions) {
      expect(await companion.page.evaluate("window.ran")).toBeUndefined();
      // No element of the reply's own is there.
      const foreign =
        "script, iframe, object, embed, form input, link[rel=stylesheet], style, base, video, svg script";
      expect(await companion.conversation.locator(foreign).count()).toBe(0);
      await companion.composer.waitFor();
      await companion.judge();
      await companion.close();
    }
  });

  test("C05: a line of a megabyte is shown in part, the rest on demand, and the page stays quick", async () => {
    const companion = await Companion.paired({ browser: used.browser, server: scene.server });
    const { body } = await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project });
    await companion.openSession(body.sessionId);
    await scene.server.ask(
      "POST",
      "/api/chat",
      { sessionId: body.sessionId, message: "long: 1000000" },
      { headers: { prefer: "wait=100" } },
    );
    await companion.hear("A long answer");
    expect(await overflowingPixels(companion.page)).toBe(0);
    await companion.say("say: still here");
    await companion.hear("still here");
    await companion.close();
  });

  test("A13 C05: a command that hides something is shown with what it hides", async () => {
    const companion = await Companion.paired({ browser: used.browser, server: scene.server });
    const { body } = await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project });
    await companion.openSession(body.sessionId);
    await companion.composer.fill("run: touch \u202Etxt.exe \u200Bx");
    await companion.button("Send").click();
    const card = companion.permission("Bash");
    await card.getByText("\\u{202e}").first().waitFor();
    expect(await card.innerText()).not.toContain("\u202E");
    await companion.judge();
    await card.getByRole("button", { name: "Deny", exact: true }).click();
    await companion.hear("The tool did not run");
    await companion.close();
  });
});
