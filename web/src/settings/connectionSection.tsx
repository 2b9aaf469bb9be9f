/** What the connection allows, and the three ways to one that allows all. */
export function ConnectionSection() {
  const isSecure = globalThis.isSecureContext;
  return (
    <section aria-labelledby="connection-title">
      <h2 id="connection-title">This connection</h2>
      {isSecure ? (
        <p>
          <code>{location.origin}</code> is a secure address: notifications, the camera and an offline copy
          are possible.
        </p>
      ) : (
        <>
          <p>
            <code>{location.origin}</code> is not encrypted, so browsers hold some things back. Chat,
            permissions and the queue work; what is missing:
          </p>
          <ul>
            <li>notifications when the page is closed</li>
            <li>reading a pairing code with the camera (typing it works)</li>
            <li>opening the page without a network, and on the home screen as an app</li>
          </ul>
          <p>
            Anybody in the same network can read what is sent, this device’s token too. There are three ways
            out:
          </p>
        </>
      )}
      <details open={!isSecure}>
        <summary>{isSecure ? "The three ways to a secure address" : "Choose one"}</summary>
        <dl class="ways">
          <dt>Tailscale</dt>
          <dd>
            Your devices only, from anywhere. Install it on the computer and the phone, then on the computer{" "}
            <code>tailscale serve --bg 3000</code>, put the address that it names into <code>PUBLIC_URL</code>{" "}
            and restart.
          </dd>
          <dt>A tunnel</dt>
          <dd>
            A name of your own on the internet, as with Cloudflare Tunnel: lead it to{" "}
            <code>http://127.0.0.1:3000</code> and put the name into <code>PUBLIC_URL</code>. Every device
            still needs to be paired.
          </dd>
          <dt>Your own certificate</dt>
          <dd>
            In the home network: <code>HOST=0.0.0.0</code> with <code>TLS_CERT_PATH</code> and{" "}
            <code>TLS_KEY_PATH</code> of a certificate that the phone trusts (mkcert makes one). With{" "}
            <code>TLS=self-signed</code> the app pins the certificate, but browsers warn and allow no
            notifications.
          </dd>
        </dl>
      </details>
    </section>
  );
}
