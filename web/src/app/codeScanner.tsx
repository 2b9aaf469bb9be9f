import { useEffect, useRef, useState } from "preact/hooks";
import { BarcodeDetector } from "qr/decode.js";
import { codeIn } from "../hosts/pairHost.ts";

/** A code stays in view for much longer. */
const lookEveryMs = 150;

/** Reads the pairing code of a QR code with the camera. Fetched when it is asked for: the decoder is as large as a screen. */
export function CodeScanner({ onCode, onClose }: { onCode: (code: string) => void; onClose: () => void }) {
  const view = useRef<HTMLVideoElement>(null);
  const [said, setSaid] = useState("Hold the QR code into the picture.");
  useEffect(() => {
    let isOpen = true;
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    const look = async () => {
      const element = view.current;
      if (!isOpen || !element) return;
      // A frame that cannot be read is followed by the next.
      const found = element.videoWidth > 0 ? await detector.detect(element).catch(() => []) : [];
      if (!isOpen) return;
      const [first] = found;
      const code = first && codeIn(first.rawValue);
      if (code !== undefined) {
        onCode(code);
        return;
      }
      if (first) setSaid("This is not a pairing code of Daylong.");
      timer = setTimeout(() => void look(), lookEveryMs);
    };
    const begin = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      const element = view.current;
      if (!isOpen || !element) {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      element.srcObject = stream;
      await element.play();
      await look();
    };
    begin().catch((error: unknown) => {
      if (isOpen) setSaid(cameraFault(error));
    });
    return () => {
      isOpen = false;
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);
  return (
    <div class="scanner">
      <video ref={view} muted playsInline aria-label="What the camera sees" />
      <p role="status">{said}</p>
      <button type="button" class="button" onClick={onClose}>
        Close the camera
      </button>
    </div>
  );
}

function cameraFault(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError")
    return "The camera is not allowed for this page. Allow it in the browser’s settings, or type the code.";
  if (name === "NotFoundError") return "This device has no camera. Type the code.";
  return "The camera cannot be used now. Type the code.";
}
