import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { z } from "zod";
import type { AttemptWindow } from "../access/attemptWindow.ts";
import { bearerToken } from "../access/bearerToken.ts";
import { callerAddress } from "../access/callerAddress.ts";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import type { Connections } from "../delivery/sockets/connections.ts";
import type { Replay } from "../delivery/sockets/replay.ts";
import { withDeadline } from "../domain/deadline.ts";
import { type Caller, scopeAllows } from "../domain/delivery/device.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Log } from "../domain/ports.ts";
import type { DeviceStore } from "../domain/stores/delivery.ts";
import { IgnoredUpgrades } from "../platform/ignoredUpgrades.ts";
import { closeCodes, type HelloFrame, maxFrameBytes, socketProtocol } from "../wire/delivery/clientFrames.ts";
import type { apnsPushSchema } from "../wire/delivery/devices.ts";
import {
  compressionOf,
  compressionOptions,
  dropBrokenOffer,
  IdleReleases,
  limitInflated,
} from "./compression.ts";
import { DeviceSocket, type DeviceSocketParts } from "./deviceSocket.ts";
import { FrameRouter, type FrameRouterParts } from "./frameRouter.ts";
import { Handshake } from "./handshake.ts";
import { Heartbeat } from "./heartbeat.ts";
import { PendingHandshakes } from "./pendingHandshakes.ts";

/** Sockets of one device: an app has one, a browser one a page. */
export const maxDeviceSockets = 16;
/** Bytes that an unauthenticated socket may send; a hello has a few hundred. */
const maxHelloBytes = 64 * 1024;

export interface GatewayParts {
  pool: FrameRouterParts["pool"];
  attachments: FrameRouterParts["attachments"];
  gatekeeper: Gatekeeper;
  /** Failed authentications by address, on HTTP as well; when it is full, upgrades without a valid token are refused. */
  tokenFailures: AttemptWindow;
  /** Requests of each device in a minute, over HTTP as well; acks, pings and presence are none. */
  deviceRequests: AttemptWindow;
  connections: Connections;
  replay: Replay;
  outboxSender: Pick<FrameRouterParts, "acknowledge" | "noteAck" | "noteView">;
  devices: Pick<DeviceStore, "seen">;
  clock: Clock;
  log: Log;
  /** Looks at Host and Origin; the status to refuse the upgrade with, or `undefined` to let it pass. */
  allowUpgrade(request: IncomingMessage): { status: number } | undefined;
  /** Registers what a hello says about pushes; left out, a hello cannot. */
  registerPush?(caller: Caller, push: z.infer<typeof apnsPushSchema> | null): void;
  /** A valid token was shown on the connection, which counts as the device's from now on. */
  noteDevice?(socket: Socket, deviceId: string): void;
  /** The connection asks to be a WebSocket, and is HTTP's no more. */
  noteUpgrade?(socket: Socket): void;
  /** Most unauthenticated sockets without a hello; one more closes the oldest of them. */
  maxUngreeted?: number;
}

/** An upgraded connection. */
interface Accepted {
  socket: WebSocket;
  tcp: Socket;
}

/** Listeners to the events of a greeted socket. */
interface SocketListeners {
  receive(this: WebSocket, data: RawData, isBinary: boolean): void;
  heard(this: WebSocket): void;
  closed(this: WebSocket, code: number): void;
}

/**
 * WebSocket gateway: the upgrade, the handshake, then a DeviceSocket for each socket.
 *
 *   attached (to any number of HTTP servers) -> stopped
 */
export class Gateway {
  readonly #parts: GatewayParts;
  readonly #router: FrameRouter;
  readonly #heartbeat: Heartbeat;
  readonly #server: WebSocketServer;
  readonly #unfollowRevocations: () => void;
  readonly #pendingHandshakes: PendingHandshakes;
  readonly #idleReleases: IdleReleases;
  readonly #socketParts: DeviceSocketParts;
  readonly #clients = new WeakMap<WebSocket, DeviceSocket>();
  readonly #listeners: SocketListeners;
  readonly #noteError = (error: Error) => this.#parts.log.debug("socket.error", { error: error.message });
  #stopping: Promise<void> | undefined;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#pendingHandshakes = new PendingHandshakes({ maxStrangers: parts.maxUngreeted ?? 64 });
    this.#router = new FrameRouter({
      pool: parts.pool,
      attachments: parts.attachments,
      resolveProject: (path) => parts.gatekeeper.resolveProject(path),
      acknowledge: (deviceId, cursor) => parts.outboxSender.acknowledge(deviceId, cursor),
      noteAck: (deviceId, cursor) => parts.outboxSender.noteAck(deviceId, cursor),
      noteView: (deviceId) => parts.outboxSender.noteView(deviceId),
    });
    this.#heartbeat = new Heartbeat({ clock: parts.clock });
    this.#idleReleases = new IdleReleases(parts.clock);
    const { connections, deviceRequests: orders, clock, log } = parts;
    this.#socketParts = { connections, router: this.#router, orders, clock, log };
    this.#listeners = this.#makeListeners();
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: maxFrameBytes,
      perMessageDeflate: compressionOptions,
      // A client library drops the connection when none of its protocols is chosen, and never sees why. So one is, and
      // the close code tells.
      handleProtocols: (offered) => (offered.has(socketProtocol) ? socketProtocol : [...offered][0]!),
    });
    this.#unfollowRevocations = parts.gatekeeper.onRevoked((deviceId) =>
      parts.connections.closeDevice(deviceId, closeCodes.notAuthorised, "The device was revoked."),
    );
  }

  /** Serves `/ws` of an HTTP or HTTPS server; any other request that would be upgraded is given back to it. */
  attach(server: Pick<Server, "on" | "emit">): void {
    const ignored = new IgnoredUpgrades(server);
    // For as long as the server lives: after the stop each upgrade is refused. One that nobody answered would keep its
    // connection, and with it the server, open for ever (other listeners of the event only count it).
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (asksForSocket(request)) this.#upgrade(request, socket, head);
      else ignored.serve(request, socket, head);
    });
  }

  /** Closes every socket with 1012 and waits up to `deadlineMs` until their clients have closed too. Idempotent. */
  stop(deadlineMs = 1_000): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { connections, clock } = this.#parts;
    this.#unfollowRevocations();
    const reason = "The server stops; come back.";
    this.#pendingHandshakes.refuseAll(closeCodes.serverRestart, reason);
    connections.closeAll(closeCodes.serverRestart, reason);
    const farewells = [...this.#server.clients].map(
      (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())),
    );
    const all = Promise.all(farewells).then(() => undefined);
    await withDeadline(clock, deadlineMs, all, () => {
      for (const socket of this.#server.clients) socket.terminate();
    });
    this.#heartbeat.stop();
    this.#server.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until ws takes over there is no other listener for a reset, and an unhandled one would end the program.
    socket.on("error", ignore);
    this.#parts.noteUpgrade?.(request.socket);
    const status = this.#refusalOf(request);
    if (status !== undefined) {
      const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`;
      socket.once("finish", () => socket.destroy());
      socket.end(`${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    dropBrokenOffer(request);
    const unread = head.length;
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off("error", ignore);
      this.#greet(webSocket, request, unread);
    });
  }

  #refusalOf(request: IncomingMessage): number | undefined {
    const { allowUpgrade, tokenFailures, log } = this.#parts;
    if (this.#stopping) return 503;
    try {
      const refused = allowUpgrade(request);
      if (refused) return refused.status;
      if (tokenFailures.isFull(callerAddress(request.socket)) && this.#hasWrongToken(request)) return 429;
    } catch (error) {
      // An error thrown in the upgrade's listener would end the program.
      log.error("socket.upgrade_failed", { error });
      return 500;
    }
    return undefined;
  }

  /**
   * Whether the upgrade shows a token that is not valid. As over HTTP, a valid token is never held up by the failures of others
   * behind the same address; a client that shows its token in the hello only is judged there.
   */
  #hasWrongToken(request: IncomingMessage): boolean {
    const token = bearerToken(request.headers.authorization);
    return token !== undefined && this.#parts.gatekeeper.authenticate(token) === undefined;
  }

  #greet(socket: WebSocket, request: IncomingMessage, unread: number): void {
    const tcp = request.socket;
    const { gatekeeper, clock, log, tokenFailures } = this.#parts;
    socket.on("error", this.#noteError);
    const compression = compressionOf(socket);
    if (compression) {
      this.#idleReleases.watch(compression);
      limitInflated(compression, maxHelloBytes);
    }
    const token = bearerToken(request.headers.authorization);
    const address = callerAddress(tcp);
    const receive = (data: Parameters<Handshake["receive"]>[0], isBinary: boolean) =>
      handshake.receive(data, isBinary);
    const handshake = new Handshake({
      socket,
      token,
      gatekeeper,
      clock,
      log,
      onHello: (caller, hello) => {
        // Nothing of the handshake is kept with the connection: there are many of them, and they last.
        socket.off("message", receive);
        socket.off("close", end);
        release();
        if (compression) limitInflated(compression, maxFrameBytes);
        this.#admit({ socket, tcp }, caller, hello);
      },
      onBadToken: () => {
        tokenFailures.count(address);
        log.info("socket.bad_token", { address });
      },
    });
    const speaksOurs = socket.protocol === "" || socket.protocol === socketProtocol;
    if (speaksOurs) handshake.checkHeader();
    else handshake.refuse(closeCodes.replacedProtocol, `This server speaks ${socketProtocol}.`);
    this.#pendingHandshakes.add(handshake);
    const readBefore = tcp.bytesRead - unread;
    // The large frames of the protocol are for known devices: an unauthenticated socket may not fill 16 MB of memory.
    const bound = () => {
      if (tcp.bytesRead - readBefore <= maxHelloBytes) return;
      tcp.off("data", bound);
      tcp.pause();
      if (!handshake.isOver) handshake.refuse(closeCodes.tooBig, "The hello is too large.");
    };
    const release = () => {
      this.#pendingHandshakes.remove(handshake);
      tcp.off("data", bound);
    };
    const end = () => {
      handshake.end();
      release();
      if (compression) this.#idleReleases.stop(compression);
    };
    tcp.on("data", bound);
    socket.on("message", receive);
    socket.on("close", end);
  }

  /** Listeners that find the client of their socket: there are many sockets, and they last. */
  #makeListeners(): SocketListeners {
    const clients = this.#clients;
    const close = (socket: WebSocket, code: number) => {
      const compression = compressionOf(socket);
      if (compression) this.#idleReleases.stop(compression);
      const client = clients.get(socket);
      if (client === undefined) return;
      client.leave();
      this.#heartbeat.forget(client);
      this.#parts.log.debug("socket.closed", { deviceId: client.deviceId, code });
    };
    return {
      receive(this: WebSocket, data, isBinary) {
        clients.get(this)?.receive(data, isBinary);
      },
      heard(this: WebSocket) {
        clients.get(this)?.heard();
      },
      closed(this: WebSocket, code) {
        close(this, code);
      },
    };
  }

  #admit({ socket, tcp }: Accepted, caller: Caller, hello: HelloFrame): void {
    const { connections, replay, devices, clock, log, registerPush } = this.#parts;
    const { deviceId } = caller;
    this.#parts.noteDevice?.(tcp, deviceId);
    const client = new DeviceSocket(this.#socketParts, { socket, tcp, caller });
    this.#clients.set(socket, client);
    const { receive, heard, closed } = this.#listeners;
    socket.on("message", receive);
    socket.on("pong", heard);
    socket.on("ping", heard);
    socket.on("close", closed);
    // Of a device whose network comes and goes the oldest are half-open; the newest is the one that it listens on.
    const reason = `A device has ${maxDeviceSockets} sockets at most.`;
    connections.makeRoom(deviceId, maxDeviceSockets, closeCodes.tooMany, reason);
    connections.add(client);
    this.#heartbeat.watch(client);
    const { cursor, epoch, ref } = hello;
    replay.resume(client, { cursor, epoch, ref }).catch((error: unknown) => {
      log.error("replay.failed", { deviceId, error });
      client.close(closeCodes.broken, "The history could not be read; come back.");
    });
    try {
      devices.seen(deviceId, clock.now());
      const push = hello.device?.push;
      if (push === undefined) return;
      if (!scopeAllows(caller.scope, "chat")) {
        const detail = `A push target needs the scope chat; the token has ${caller.scope}.`;
        client.answer({ type: "error", ref, code: "scope_forbidden", detail });
        return;
      }
      registerPush?.(caller, push);
    } catch (error) {
      log.error("socket.hello_not_kept", { deviceId, error });
      const code = error instanceof DaylongError ? error.code : "internal_error";
      client.answer({ type: "error", ref, code, detail: "The device's registration was not kept." });
    }
  }
}

/** Whether a request asks for the protocol of this gateway, at its address (RFC 6455, 4.1). */
const asksForSocket = ({ method, url, headers }: IncomingMessage): boolean =>
  method === "GET" &&
  url?.split("?", 1)[0] === "/ws" &&
  (headers.upgrade ?? "").split(",").some((protocol) => protocol.trim().toLowerCase() === "websocket");

const ignore = (): void => {};
