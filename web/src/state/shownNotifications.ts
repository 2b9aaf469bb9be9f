/** Closes this browser's notifications about a session: its words were read here, or it was erased. */
export async function closeNotifications(sessionId: string): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  // Some browsers have service workers without a list of what is shown.
  const shown = (await registration?.getNotifications?.()) ?? [];
  for (const notification of shown) {
    const { path } = (notification.data ?? {}) as { path?: unknown };
    if (typeof path === "string" && path.split(/[/?#]/).includes(sessionId)) notification.close();
  }
}
