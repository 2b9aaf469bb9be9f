import { signal } from "@preact/signals";
import type { DaylongClient, DaylongEvent, Permission, PermissionAnswer } from "../../../client/src/index.ts";

/** The open permissions, questions, plans and forms of all sessions, the oldest first. */
export class Permissions {
  readonly #client: DaylongClient;
  readonly open = signal<readonly Permission[]>([]);

  constructor(client: DaylongClient) {
    this.#client = client;
  }

  async read(): Promise<void> {
    this.open.value = await this.#client.permissions();
  }

  ofSession(sessionId: string): Permission[] {
    return this.open.value.filter((permission) => permission.sessionId === sessionId);
  }

  hear(event: DaylongEvent): void {
    switch (event.type) {
      case "permission.requested": {
        const { permissionId } = event.data;
        if (this.open.value.some((permission) => permission.permissionId === permissionId)) return;
        this.open.value = [...this.open.value, { ...event.data, state: "open" }];
        // A frame of a long command is cut: nobody is to allow what they cannot read whole.
        if (event.truncated === true) void this.#readWhole(permissionId);
        return;
      }
      case "permission.resolved":
      case "permission.expired":
        this.#close(event.data.permissionId);
        return;
      case "session.closed":
        this.open.value = this.open.value.filter(({ sessionId }) => sessionId !== event.sessionId);
        return;
      default:
        return;
    }
  }

  /** Rejects with the server's refusal; the permission stays open then. */
  async answer(permissionId: string, answer: PermissionAnswer): Promise<void> {
    await this.#client.answerPermission(permissionId, answer);
    this.#close(permissionId);
  }

  async #readWhole(permissionId: string): Promise<void> {
    const whole = await this.#client.permission(permissionId).catch(() => undefined);
    if (whole === undefined) return;
    this.open.value = this.open.value.map((one) => (one.permissionId === permissionId ? whole : one));
  }

  #close(permissionId: string): void {
    this.open.value = this.open.value.filter((permission) => permission.permissionId !== permissionId);
  }
}
