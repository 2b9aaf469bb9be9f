import "./permissions.css";
import { useState } from "preact/hooks";
import { DaylongProblem, type Permission, type PermissionAnswer } from "../../../client/src/index.ts";
import { spanInWords } from "../design/times.ts";
import { visible } from "../design/visibleText.ts";
import { useDaylong, useHost } from "../state/context.ts";
import { projectName } from "../state/sessionWords.ts";
import type { CardParts } from "./cardParts.ts";
import { FormCard } from "./formCard.tsx";
import { PlanCard } from "./planCard.tsx";
import { QuestionCard } from "./questionCard.tsx";
import { ToolCard } from "./toolCard.tsx";

const kindWords: Record<Permission["kind"], string> = {
  tool: "wants to use",
  question: "asks",
  plan: "has a plan",
  form: "asks for",
};

/** Something that waits for the owner: what exactly, by whom, for how long, and the decision in place. */
export function PermissionCard(props: { permission: Permission; isBrief?: boolean; withSession?: boolean }) {
  const { permission, isBrief = false, withSession = false } = props;
  const { permissions, sessions } = useHost();
  const now = useDaylong().now.value;
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const { permissionId, kind, toolName, title, agent, server, expiresAt, sessionId } = permission;
  const session = sessions.get(sessionId);

  const answer = async (given: PermissionAnswer) => {
    setBusy(true);
    setFault("");
    try {
      await permissions.answer(permissionId, given);
    } catch (error) {
      setFault(faultWords(error));
    } finally {
      setBusy(false);
    }
  };
  const parts: CardParts = { permission, isBusy, isBrief, answer: (given) => void answer(given) };
  const who = agent ? `Subagent “${agent.type ?? agent.description ?? agent.agentId}”` : "Claude";
  const left = expiresAt - now;
  return (
    <section
      class="permission"
      aria-label={`Permission: ${toolName}, ${visible(title).slice(0, 80)}`}
      data-permission={permissionId}
    >
      <header>
        <p class="permission-who">
          {withSession && session && (
            <a href={`/s/${sessionId}`} class="permission-session">
              {projectName(session.projectPath)}
            </a>
          )}
          <span>
            {visible(who)} {kindWords[kind]} {kind === "tool" && <strong>{visible(toolName)}</strong>}
            {server !== undefined && <> of the server {visible(server)}</>}
          </span>
        </p>
        <p class="meta" title="When its time is over it is denied">
          {left > 0 ? `${spanInWords(left)} left` : "its time is over"}
        </p>
      </header>
      {kind === "tool" && <ToolCard {...parts} />}
      {kind === "question" && <QuestionCard {...parts} />}
      {kind === "plan" && <PlanCard {...parts} />}
      {kind === "form" && <FormCard {...parts} />}
      {fault !== "" && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </section>
  );
}

function faultWords(error: unknown): string {
  if (!(error instanceof DaylongProblem))
    return "The server does not answer: nothing was decided. Try again.";
  switch (error.code) {
    case "permission_already_resolved":
      return "It was answered on another device.";
    case "permission_expired":
      return "Its time was over, or its process is gone: it was denied.";
    default:
      return error.message;
  }
}
