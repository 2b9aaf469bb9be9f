export function SettingsScreen() {
  return (
    <div class="screen">
      <h1>Settings</h1>
      <p>Notifications, devices and what this connection allows come here.</p>
    </div>
  );
}
