export function MonitorScreen() {
  return (
    <div class="screen">
      <h1>Monitor</h1>
      <p>Live sessions with memory and CPU, incidents, deliveries, usage and limits come here.</p>
    </div>
  );
}
