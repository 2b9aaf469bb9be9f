export function HelpScreen() {
  return (
    <div class="screen">
      <h1>Help</h1>
      <p>What a session is, the 24 hours, keep-alive, recap, limits and notifications come here.</p>
    </div>
  );
}
