import type { ComponentType } from "preact";
import { useState } from "preact/hooks";
import { Mark } from "../design/mark.tsx";
import { pairHost, pairingFault, proposedName } from "../hosts/pairHost.ts";
import { useDaylong } from "../state/context.ts";
import { useGo } from "../state/navigation.ts";

type Scanner = ComponentType<{ onCode: (code: string) => void; onClose: () => void }>;

/** Browsers give the camera to secure contexts only. */
const hasCamera = (): boolean => isSecureContext && navigator.mediaDevices?.getUserMedia !== undefined;

/** Makes this page a device: by the link's code, or by one that is typed. */
export function PairScreen({ code: given }: { code: string }) {
  const daylong = useDaylong();
  const go = useGo();
  const [code, setCode] = useState(given);
  const [deviceName, setDeviceName] = useState(proposedName(navigator.userAgent));
  const [fault, setFault] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [scanner, setScanner] = useState<{ Scanner: Scanner }>();
  const paired = daylong.current.value?.host;

  const scan = async () => {
    setFault("");
    try {
      setScanner({ Scanner: (await import("./codeScanner.tsx")).CodeScanner });
    } catch {
      setFault("The server does not answer. Check that it runs, and try again.");
    }
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFault("");
    try {
      const host = await pairHost({ url: location.origin, code, deviceName, now: Date.now() });
      if (paired) await daylong.forget(paired.hostId);
      await daylong.store.saveHost(host);
      await daylong.open(host);
      go("/", { replace: true });
    } catch (error) {
      setFault(pairingFault(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form class="sheet" onSubmit={submit}>
      <Mark size={44} />
      <h1>Pair with this computer</h1>
      <p>
        On the computer, run <code>scripts/pair</code>: it prints a code and a QR code that opens this page. A
        code works once, for ten minutes.
      </p>
      {paired && (
        <p class="meta">This page is paired with {paired.name} already; a new code replaces that.</p>
      )}
      <label class="field">
        <span>Pairing code</span>
        <input
          name="code"
          value={code}
          onInput={(event) => setCode(event.currentTarget.value)}
          autocomplete="one-time-code"
          autocapitalize="characters"
          spellcheck={false}
          required
          aria-label="Pairing code"
          class="code-input"
        />
      </label>
      {scanner ? (
        <scanner.Scanner
          onCode={(found) => {
            setCode(found);
            setScanner(undefined);
          }}
          onClose={() => setScanner(undefined)}
        />
      ) : (
        code === "" &&
        hasCamera() && (
          <button type="button" class="button" onClick={scan}>
            Scan the QR code
          </button>
        )
      )}
      <label class="field">
        <span>Name of this device</span>
        <input
          name="device"
          value={deviceName}
          onInput={(event) => setDeviceName(event.currentTarget.value)}
          maxLength={100}
          required
        />
      </label>
      {fault !== "" && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <button type="submit" class="button primary" disabled={isBusy}>
        {isBusy ? "Pairing" : "Pair"}
      </button>
      <p class="meta">
        <a href="/help">What Daylong is</a>
      </p>
    </form>
  );
}
