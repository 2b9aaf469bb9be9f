import { describe, expect, test } from "@jest/globals";
import type { Express } from "express";
import { errorCatalogue } from "../../../../server/domain/errors.ts";
import { createHttpApp, routeTable } from "../../../../server/http/app.ts";
import type { OpenApiDocument } from "../../../../server/http/documents/openapi.ts";
import { Conformance, frameFault, type SeenAnswer } from "../../../support/server/conformance.ts";
import { useRig } from "../rig.ts";

const rig = useRig();

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle?: { stack?: Layer[] };
}

/** Every route that express itself knows, wherever it was put on. */
function routesOf(layers: readonly Layer[]): string[] {
  return layers.flatMap(({ route, handle }) =>
    route
      ? Object.keys(route.methods)
          // `all` answers 405 and OPTIONS for the paths that are there.
          .filter((method) => method !== "_all")
          .map((method) => `${method.toUpperCase()} ${route.path.replace(/:(\w+)/g, "{$1}")}`)
      : routesOf(handle?.stack ?? []),
  );
}

const documented = (document: OpenApiDocument): string[] =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );

const documentOf = async () =>
  (await rig.ask("GET", "/api/openapi.json", { token: rig.device("read").token }))
    .body as unknown as OpenApiDocument;

describe("C01: the OpenAPI document", () => {
  test("C01: it has every route the server has, and no other", async () => {
    const app: Express = createHttpApp(rig.parts);
    const served = routesOf((app as unknown as { router: { stack: Layer[] } }).router.stack);
    expect(served.length).toBeGreaterThan(50);
    expect(documented(await documentOf()).sort()).toEqual(served.sort());
  });

  test("C01: every operation has a name of its own, and every parameter of a path is described", async () => {
    const { paths } = await documentOf();
    const names = Object.values(paths).flatMap((operations) =>
      Object.values(operations).map((operation) => operation.operationId),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const [path, operations] of Object.entries(paths)) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      for (const operation of Object.values(operations)) {
        const parameters = (operation.parameters ?? []) as Array<{ name: string; in: string }>;
        const described = parameters.filter((parameter) => parameter.in === "path");
        expect(described.map((parameter) => parameter.name).sort()).toEqual(wanted.sort());
      }
    }
  });

  test("C01: what it says of a request is what the server makes of it", async () => {
    const { paths, components } = await documentOf();
    const chat = paths["/api/chat"]!.post as {
      requestBody: { content: Record<string, { schema: { required: string[]; properties: object } }> };
    };
    const { schema } = chat.requestBody.content["application/json"]!;
    expect(schema.required).toEqual(["message"]);
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(["message", "sessionId", "projectPath", "clientMessageId", "sendAt"]),
    );
    const refused = await rig.ask("POST", "/api/chat", { body: {} });
    expect([refused.status, refused.body.errors?.[0]?.path]).toEqual([400, "message"]);
    expect(Object.keys(components.schemas)).toEqual(
      expect.arrayContaining(["Session", "Turn", "Event", "Permission", "Device", "Problem", "ErrorCode"]),
    );
  });

  test("START-4: every body has an example that its route takes, and none that a push would follow from", async () => {
    const withBody = routeTable(rig.parts).filter(({ body }) => body !== undefined);
    expect(withBody.length).toBeGreaterThan(15);
    const { paths } = await documentOf();
    for (const route of withBody) {
      const path = route.path.replace(/:(\w+)/g, "{$1}");
      const operation = paths[path]![route.method.toLowerCase()] as {
        requestBody: { content: Record<string, { example: unknown }> };
      };
      const { example } = operation.requestBody.content["application/json"]!;
      expect([route.method, route.path, example]).toEqual([route.method, route.path, expect.anything()]);
      expect([route.path, route.body!.safeParse(example).error?.issues]).toEqual([route.path, undefined]);
      // Any other is a model that Claude may not have.
      if (path.startsWith("/v1/")) expect(example).toMatchObject({ model: "default" });
      if (path === "/api/chat") expect(JSON.stringify(example)).not.toMatch(/deviceToken|attachments/);
      if (path === "/api/devices/{id}") expect(JSON.stringify(example)).not.toMatch(/"push"/);
    }
  });

  test("START-4: a summary is one plain sentence, and what more there is to say is in the description", async () => {
    const { paths } = await documentOf();
    const operations = Object.values(paths).flatMap((one) => Object.values(one));
    for (const { summary } of operations) expect(summary).toMatch(/^[^`]+$/);
    const chat = paths["/api/chat"]!.post as { summary: string; description: string };
    expect(chat.summary).toBe(
      "Send a message; 202 when it is kept, 200 with the reply under Prefer: wait=SECONDS.",
    );
    expect(chat.description).toMatch(/^Send a message; .*`sessionId`.* Needs a token of the scope chat\.$/);
  });

  test("START-9: the documents are open, as the page that holds them is", async () => {
    for (const path of ["/api/openapi.json", "/api/asyncapi.json", "/api/docs"])
      expect([path, (await rig.ask("GET", path, { token: null })).status]).toEqual([path, 200]);
  });

  test("C01: every reference leads to something", async () => {
    const document = await documentOf();
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) =>
      match[1]!.split("/"),
    );
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) {
      let at: unknown = document;
      for (const part of reference) at = (at as Record<string, unknown>)?.[part];
      expect([reference, at]).toEqual([reference, expect.anything()]);
    }
  });

  test("C01: every code of the catalogue is named by the routes that refuse with it", async () => {
    const { paths, components } = await documentOf();
    const text = JSON.stringify([paths, components.responses]);
    // No route of the table answers these: the router does, or a frame.
    const elsewhere = ["not_found", "method_not_allowed", "bad_frame"];
    const codes = Object.keys(errorCatalogue).filter((code) => !elsewhere.includes(code));
    expect(codes.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
  });

  test("C01: the AsyncAPI document has every frame of both sides", async () => {
    const { status, body } = await rig.ask("GET", "/api/asyncapi.json");
    expect(status).toBe(200);
    const { messages } = body.components as { messages: Record<string, unknown> };
    expect(Object.keys(messages).sort()).toEqual(
      [
        ...["hello", "send", "ack", "permission", "interrupt", "keepalive", "presence", "ping"],
        ...["welcome", "event", "delta", "activity", "accepted", "result", "error", "pong"],
      ].sort(),
    );
  });

  test("C01: every route of the table says what it answers", () => {
    for (const route of routeTable(rig.parts)) {
      expect([route.method, route.path, route.responses.length]).not.toContain(0);
      expect(route.summary).toMatch(/\.$/);
    }
  });
});

describe("C01: the tests' own look at answers and frames", () => {
  test("C01: what is not as the documents say is found", async () => {
    const conformance = new Conformance(await documentOf());
    const faultOf = (answer: SeenAnswer) => conformance.faultOf(answer);
    const { token } = rig.device("read");
    const right = await rig.ask("GET", "/api/devices/me", { token });
    const seen = (change: object) => ({
      method: "GET",
      path: "/api/devices/me?x=1",
      status: 200,
      contentType: "application/json; charset=utf-8",
      text: JSON.stringify({ ...right.body, ...change }),
    });
    expect(faultOf(seen({}))).toBeUndefined();
    expect(faultOf(seen({ createdAt: "yesterday" }))).toContain("body/createdAt must be integer");
    expect(faultOf(seen({ secret: 1 }))).toContain("must NOT have additional properties");
    expect(faultOf(seen({ scope: undefined }))).toContain("must have required property 'scope'");
    expect(faultOf({ ...seen({}), status: 201 })).toContain("does not name this status");
    expect(faultOf({ ...seen({}), contentType: "text/plain" })).toContain("does not name the media type");
    expect(faultOf({ ...seen({}), status: 404 })).toContain("does not name the media type");
    const problem = { ...seen({}), status: 404, contentType: "application/problem+json" };
    expect(faultOf(problem)).toContain("must have required property 'type'");
    const { text } = await rig.ask("GET", "/api/devices/nobody");
    expect(faultOf({ ...problem, text })).toBeUndefined();
    const foreign = text.replaceAll("device_not_found", "turn_not_found");
    expect(faultOf({ ...problem, text: foreign })).toContain("must be equal to one of the allowed values");
    expect(faultOf({ ...seen({}), path: "/api/nowhere" })).toContain("does not name this status");
    const lines = { ...seen({}), path: "/api/sessions/x/output", contentType: "application/x-ndjson" };
    expect(
      faultOf({
        ...lines,
        text: '{"role":"user","content":"Hello.","timestamp":"2026-11-28T07:00:00.000Z"}\n',
      }),
    ).toBeUndefined();
    expect(faultOf({ ...lines, text: '{"role":"user","content":"Hello."}\n' })).toContain("timestamp");
  });

  test("C01: a frame that is not as the document says is found", () => {
    const delta = { type: "delta", sessionId: "s", turnId: "t", offset: 0, text: "Hi" };
    expect(frameFault(delta)).toBeUndefined();
    expect(frameFault({ ...delta, offset: "0" } as never)).toContain("must be integer");
    expect(frameFault({ ...delta, more: 1 } as never)).toContain("must NOT have additional properties");
    expect(frameFault({ type: "shout" })).toContain("does not name the frame");
  });
});

describe("C02: the documentation page", () => {
  test("C02: it needs no token, and everything on it comes from this server under a policy without exceptions", async () => {
    const page = await rig.ask("GET", "/api/docs", { token: null });
    expect(page.status).toBe(200);
    const policy = page.headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
    expect(policy).not.toContain("unsafe");
    expect(page.text).not.toMatch(/https?:\/\//);
    const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    expect(files).toHaveLength(3);
    for (const file of files) {
      const asked = await rig.ask("GET", file, { token: null });
      expect([file, asked.status, asked.text.length > 1_000]).toEqual([file, 200, true]);
      expect(asked.headers.get("content-type")).toMatch(/^text\/(css|javascript); charset=utf-8$/);
    }
  });
});
