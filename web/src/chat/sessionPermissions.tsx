import { PermissionCard } from "../permissions/permissionCard.tsx";
import { useHost } from "../state/context.ts";

/** What waits for a decision in this session, at the end of its conversation. */
export function SessionPermissions({ sessionId }: { sessionId: string }) {
  const open = useHost().permissions.ofSession(sessionId);
  if (open.length === 0) return null;
  return (
    <div class="chat-permissions">
      {open.map((permission) => (
        <PermissionCard key={permission.permissionId} permission={permission} />
      ))}
    </div>
  );
}
