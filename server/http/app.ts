import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import express, { type NextFunction, type Request, type Response } from "express";
import helmet from "helmet";
import { callerAddress } from "../access/callerAddress.ts";
import { hasTwoHosts } from "../access/hostCheck.ts";
import { DurableGate } from "../delivery/durableGate.ts";
import { DaylongError } from "../domain/errors.ts";
import type { HttpDependencies } from "./dependencies.ts";
import { documentRoutes } from "./documents/documentRoutes.ts";
import { authorise, refuseUnpaired } from "./framework/authorise.ts";
import { BodyDeadlines } from "./framework/bodyDeadlines.ts";
import { JsonBodies } from "./framework/jsonBody.ts";
import { isForwarded } from "./framework/preferHeader.ts";
import { catalogued, sendProblem } from "./framework/problem.ts";
import { mountRoutes, type Route } from "./framework/route.ts";
import { sendAnswer, sendInterim } from "./framework/sendAnswer.ts";
import { completionRoutes } from "./openai/completions.ts";
import { conversationRoutes } from "./openai/conversations.ts";
import { openAiModelRoutes } from "./openai/models.ts";
import { responseRoutes } from "./openai/responses.ts";
import { TurnAnswers } from "./openai/turnAnswers.ts";
import { PageFiles } from "./page/pageFiles.ts";
import { pageRouter, sendShell, wantsPage } from "./page/pageRouter.ts";
import { askRoutes } from "./routes/chat/ask.ts";
import { attachmentRoutes } from "./routes/chat/attachments.ts";
import { chatRoutes } from "./routes/chat/chat.ts";
import { messageRoutes } from "./routes/chat/messages.ts";
import { permissionRoutes } from "./routes/chat/permissions.ts";
import { turnRoutes } from "./routes/chat/turns.ts";
import { deviceRoutes } from "./routes/devices/devices.ts";
import { liveActivityRoutes } from "./routes/devices/liveActivities.ts";
import { pairingRoutes } from "./routes/devices/pairing.ts";
import { auditRoutes } from "./routes/operation/audit.ts";
import { healthRoutes } from "./routes/operation/health.ts";
import { metricsRoutes } from "./routes/operation/metrics.ts";
import { monitorRoutes } from "./routes/operation/monitor.ts";
import { settingsRoutes } from "./routes/operation/settings.ts";
import { usageRoutes } from "./routes/operation/usage.ts";
import { historyRoutes } from "./routes/projects/history.ts";
import { projectRoutes } from "./routes/projects/projects.ts";
import { changesRoutes } from "./routes/sessions/changes.ts";
import { eventRoutes } from "./routes/sessions/events.ts";
import { sessionFactRoutes } from "./routes/sessions/facts.ts";
import { modelRoutes } from "./routes/sessions/models.ts";
import { outputRoutes } from "./routes/sessions/output.ts";
import { sessionControlRoutes } from "./routes/sessions/sessionControl.ts";
import { sessionRoutes } from "./routes/sessions/sessions.ts";
import { taskRoutes } from "./routes/sessions/tasks.ts";
import { toolRoutes } from "./routes/sessions/tools.ts";

/** Every route of the interface, in one table. */
export function routeTable(parts: HttpDependencies): Route[] {
  const answers = new TurnAnswers(parts);
  const routes = [
    ...healthRoutes(parts),
    ...metricsRoutes(parts),
    ...usageRoutes(parts),
    ...monitorRoutes(parts),
    ...pairingRoutes(parts),
    ...deviceRoutes(parts),
    ...liveActivityRoutes(parts),
    ...auditRoutes(parts),
    ...chatRoutes(parts),
    ...attachmentRoutes(parts),
    ...askRoutes(parts),
    ...turnRoutes(parts),
    ...messageRoutes(parts),
    ...outputRoutes(parts),
    ...sessionRoutes(parts),
    ...sessionFactRoutes(parts),
    ...sessionControlRoutes(parts),
    ...toolRoutes(parts),
    ...modelRoutes(parts),
    ...taskRoutes(parts),
    ...changesRoutes(parts),
    ...projectRoutes(parts),
    ...historyRoutes(parts),
    ...permissionRoutes(parts),
    ...eventRoutes(parts),
    ...completionRoutes(parts, answers),
    ...responseRoutes(parts, answers),
    ...openAiModelRoutes(parts),
    ...conversationRoutes(parts),
    ...settingsRoutes(parts),
  ];
  // They describe the whole table, themselves included.
  routes.push(...documentRoutes(routes, parts.version));
  return routes;
}

/** The HTTP edge as an express application; the composition root puts a listener under it. */
export function createHttpApp(parts: HttpDependencies): express.Express {
  const { store, access, tokenFailures, names, clock, log, stopping, prometheus } = parts;
  const gate = new DurableGate(store);
  // Every request that is under way listens for the stop; that is no leak.
  setMaxListeners(0, stopping);
  const bodies = new JsonBodies();
  const deadlines = new BodyDeadlines(clock);
  const page = new PageFiles(parts.pageDir);

  const app = express();
  app.disable("x-powered-by");
  // Answers change from moment to moment: a validator would cost a hash each and hardly ever match.
  app.disable("etag");
  app.set("query parser", "simple");

  app.use((request: Request, response: Response, next: NextFunction) => {
    const asked = request.headers["x-request-id"];
    const requestId =
      typeof asked === "string" && /^[A-Za-z0-9._-]{1,100}$/.test(asked) ? asked : randomUUID();
    response.locals.requestId = requestId;
    response.setHeader("X-Request-Id", requestId);
    response.setHeader("Cache-Control", "no-store");
    deadlines.watch(request);
    const startedAt = clock.monotonic();
    response.on("close", () =>
      prometheus.observeRequest({
        method: request.method,
        route: String(response.locals.route ?? "(none)"),
        status: response.statusCode,
        durationMs: clock.monotonic() - startedAt,
      }),
    );
    next();
  });
  app.use((request: Request, _response: Response, next: NextFunction) => {
    // A base address that ends in a slash, and a path that begins with one, are put together by many clients as they are.
    request.url = request.url.replace(/^[^?]*/, (path) => path.replace(/\/{2,}/g, "/"));
    next();
  });
  app.use(securityHeaders());
  app.use((request: Request, _response: Response, next: NextFunction) => {
    // RFC 9112, 3.2. Node keeps the first; a proxy in front may have gone by the other.
    if (hasTwoHosts(request)) throw new DaylongError("invalid_request", "The request names two hosts.");
    const refusal = names.judge(request.headers);
    if (refusal !== undefined) {
      throw new DaylongError(
        refusal,
        refusal === "host_forbidden"
          ? "The Host header is not a name of this server. A tunnel's or proxy's name is made known to it with PUBLIC_URL."
          : "Pages of other origins cannot use this server.",
      );
    }
    next();
  });

  app.use(pageRouter(page));
  const router = express.Router();
  mountRoutes(router, routeTable(parts), async (route, request, response) => {
    const startedAt = clock.monotonic();
    response.locals.route = route.path;
    const address = callerAddress(request.socket);
    const requestId = String(response.locals.requestId);
    // Before the body is read: a caller without a token must not make the server read and parse megabytes.
    const caller = authorise(request, route.scope, { access, tokenFailures, address });
    response.on("close", () => {
      const { method, path } = route;
      const took = { status: response.statusCode, durationMs: clock.monotonic() - startedAt };
      log.debug("http.request", { requestId, method, path, deviceId: caller?.deviceId, ...took });
    });
    if (caller !== undefined) {
      response.locals.deviceId = caller.deviceId;
      parts.noteDevice?.(request.socket, caller.deviceId);
      parts.deviceRequests.take(caller.deviceId, "requests of this device in a minute");
    }
    if (route.takesBytes) deadlines.allowSlow(request, response);
    const body =
      route.body === undefined ? undefined : await bodies.read(request, response, route.maxBodyBytes);
    // The device may have been revoked while its body was on the way.
    if (body !== undefined) authorise(request, route.scope, { access, tokenFailures, address });
    const answer = await route.answer({
      params: request.params,
      query: request.query,
      body,
      caller,
      requestId,
      address,
      header: (name) => request.get(name),
      isForwarded: isForwarded(request),
      gone: goneSignal(response, stopping),
      bytes: request,
      setHeader: (name, value) => void response.setHeader(name, value),
      inform: (status, headers) => sendInterim(request, response, status, headers),
    });
    // What it waited for may have taken long enough for a revocation: nothing is told any more. An open route asks for no
    // device, and `/health` answers when the database cannot.
    if (
      !route.mayEndCaller &&
      route.scope !== "open" &&
      caller !== undefined &&
      !access.isPaired(caller.deviceId)
    ) {
      if (answer.kind === "sse") answer.close();
      refuseUnpaired(access, caller);
    }
    await sendAnswer(response, answer, { clock, gate: route.isOfTheMoment ? openGate : gate });
  });
  app.use(router);

  app.use(async (thrown: unknown, request: Request, response: Response, _next: NextFunction) => {
    const error = catalogued(thrown);
    const requestId = String(response.locals.requestId ?? "");
    if (error.status >= 500) {
      log.error("http.failed", { requestId, code: error.code, error: error.cause ?? error });
    }
    // A refusal tells a device about the state as well; a caller without a token learns nothing from it.
    if (response.locals.deviceId !== undefined) await gate.durable();
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    if (error.code === "not_found" && wantsPage(request)) await sendShell(page, request, response, 404);
    else sendProblem(request, response, error);
  });
  return app;
}

/**
 * Aborted when the connection is gone or the server stops. Not `AbortSignal.any`: over a signal that lives as long as
 * the server it keeps what it was joined with (nodejs/node#54614).
 */
function goneSignal(response: Response, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  const abort = () => gone.abort();
  if (stopping.aborted) abort();
  stopping.addEventListener("abort", abort);
  response.on("close", () => {
    stopping.removeEventListener("abort", abort);
    abort();
  });
  return gone.signal;
}

/** For answers that tell of nothing kept. */
const openGate = new DurableGate();

/** Security headers for answers that are no pages; other sites may neither frame the server nor read from it. */
function securityHeaders() {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // A browser keeps it for the name, for all ports: on localhost it would break the owner's other servers.
    strictTransportSecurity: false,
    referrerPolicy: { policy: "no-referrer" },
  });
}
