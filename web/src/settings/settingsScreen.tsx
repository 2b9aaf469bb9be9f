import { useDaylong } from "../state/context.ts";
import { ConnectionSection } from "./connectionSection.tsx";
import { DevicesSection } from "./devicesSection.tsx";
import { NotificationSection } from "./notificationSection.tsx";
import { PreferencesSection } from "./preferencesSection.tsx";
import { ThisDeviceSection } from "./thisDeviceSection.tsx";
import "./settings.css";

/** What this device may, hears and is called; the other devices; what the connection lacks. */
export function SettingsScreen() {
  const daylong = useDaylong();
  const me = daylong.me.value;
  if (me === undefined)
    return (
      <div class="screen settings">
        <h1>Settings</h1>
        <p class="meta" role="status">
          Reading this device’s settings from the server
        </p>
        <ConnectionSection />
      </div>
    );
  return (
    <div class="screen settings">
      <h1>Settings</h1>
      <NotificationSection me={me} />
      <PreferencesSection me={me} />
      <ThisDeviceSection me={me} />
      <DevicesSection me={me} />
      <ConnectionSection />
    </div>
  );
}
