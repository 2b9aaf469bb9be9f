import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import express, { type NextFunction, type Request, type Response } from "express";
import { z } from "zod";
import type { DaylongError } from "../../../../server/domain/errors.ts";
import { defineRoute, json, type Method, mountRoutes } from "../../../../server/http/framework/route.ts";

let server: Server | undefined;
afterEach(async () => {
  server?.close();
  server?.closeAllConnections();
  if (server) await once(server, "close");
  server = undefined;
});

/** Listens with what `fill` puts on the application, and tells refusals by their codes. */
async function listen(fill: (app: express.Express) => void): Promise<string> {
  const app = express();
  fill(app);
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const { code, message, retryAfterMs } = error as DaylongError;
    response.status(499).json({ code, message, retryAfterMs });
  });
  server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const aRoute = (method: Method, path: string, name: string) =>
  defineRoute({
    method,
    path,
    scope: "open",
    summary: name,
    response: z.unknown(),
    handle: () => json(name),
  });

describe("C01: a table of routes", () => {
  let url: string;
  beforeEach(async () => {
    const routes = [
      aRoute("GET", "/things/:id", "one"),
      aRoute("DELETE", "/things/:id", "delete"),
      aRoute("PUT", "/things/:id/:part", "part"),
      aRoute("GET", "/things/active", "active"),
      aRoute("POST", "/things/active/now", "now"),
      aRoute("PATCH", "/things", "all"),
    ];
    url = await listen((app) =>
      mountRoutes(app, routes, async (route, _request, response) => void response.json(route.summary)),
    );
  });
  const ask = async (method: string, path: string) => {
    const answer = await fetch(url + path, { method });
    const text = await answer.text();
    return { status: answer.status, allow: answer.headers.get("allow"), said: text && JSON.parse(text) };
  };

  test("C01: finds a named segment before a parameter in its place, whatever the order of the table", async () => {
    expect((await ask("GET", "/things/active")).said).toBe("active");
    expect((await ask("GET", "/things/7")).said).toBe("one");
    expect((await ask("DELETE", "/things/7")).said).toBe("delete");
    expect((await ask("POST", "/things/active/now")).said).toBe("now");
    expect((await ask("PUT", "/things/active/other")).said).toBe("part");
    expect((await ask("PATCH", "/things")).said).toBe("all");
  });

  test("C01: refuses another method with what the address takes, and nothing at another address", async () => {
    expect(await ask("POST", "/things/7")).toEqual({
      status: 499,
      allow: "GET, HEAD, DELETE",
      said: { code: "method_not_allowed", message: "This address takes GET, HEAD, DELETE." },
    });
    expect(await ask("OPTIONS", "/things")).toEqual({ status: 204, allow: "PATCH", said: "" });
    expect((await ask("GET", "/nothing")).said.code).toBe("not_found");
  });
});

describe("C01: what a route says of itself", () => {
  const plain = aRoute("GET", "/x", "x");
  const input = { params: {}, query: {}, body: undefined, caller: undefined } as never;

  test("C01: is complete when nothing was said: a body of a megabyte, no headers, no refusals, and it waits for the disk", () => {
    expect(plain).toMatchObject({
      maxBodyBytes: 1_048_576,
      headers: {},
      refusals: [],
      takesBytes: false,
      isOfTheMoment: false,
    });
  });

  test("A01: without a caller only an open one is handled", async () => {
    expect(await plain.answer(input)).toMatchObject({ body: "x" });
    const read = defineRoute({
      method: "GET",
      path: "/y",
      scope: "read",
      summary: "y",
      response: z.unknown(),
      handle: () => json("y"),
    });
    await expect(read.answer(input)).rejects.toThrow("/y was reached without a caller.");
  });
});
