/** A subagent of Claude's. `agentId` is also the id of the task that it is. */
export interface AgentRef {
  agentId: string;
  /** Such as `general-purpose`. */
  type?: string;
  /** What it was started for, in three to five words. */
  description?: string;
}
