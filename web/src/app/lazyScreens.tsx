import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

/** A screen whose code is fetched when it is first shown. `noun` is what the reader waits for. */
function lazyScreen(noun: string, load: () => Promise<ComponentType>) {
  let loaded: ComponentType | undefined;
  return function LazyScreen() {
    const [, redraw] = useState(0);
    const [failed, setFailed] = useState(false);
    const Loaded = loaded;
    useEffect(() => {
      if (loaded) return;
      load().then(
        (component) => {
          loaded = component;
          redraw((count) => count + 1);
        },
        () => setFailed(true),
      );
    }, []);
    if (Loaded) return <Loaded />;
    return (
      <div class="empty" role="status">
        {failed ? `The ${noun} could not be fetched: the server does not answer.` : `Fetching the ${noun}`}
      </div>
    );
  };
}

export const MonitorScreen = lazyScreen(
  "monitor",
  async () => (await import("../monitor/monitorScreen.tsx")).MonitorScreen,
);
export const SettingsScreen = lazyScreen(
  "settings",
  async () => (await import("../settings/settingsScreen.tsx")).SettingsScreen,
);
export const HelpScreen = lazyScreen("help", async () => (await import("../help/helpScreen.tsx")).HelpScreen);
