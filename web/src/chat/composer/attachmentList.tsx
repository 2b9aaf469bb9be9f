import { Icon } from "../../design/icons.tsx";
import { bytesInWords } from "../../design/quantities.ts";
import type { Attachments } from "./attachments.ts";

/** The files that go with the next message. */
export function AttachmentList({ attachments }: { attachments: Attachments }) {
  const list = attachments.list.value;
  if (list.length === 0) return null;
  return (
    <ul class="plain attached" aria-label="Attachments">
      {list.map(({ id, file, preview, attachmentId, fault }) => (
        <li key={id}>
          {preview && <img src={preview} alt="" />}
          <span class="grow">
            <span class="clip">{file.name}</span>
            <span class="meta clip">{fault ?? (attachmentId ? bytesInWords(file.size) : "uploading")}</span>
          </span>
          <button
            type="button"
            class="button quiet icon small"
            aria-label={`Remove ${file.name}`}
            onClick={() => attachments.remove(id)}
          >
            <Icon name="close" size={16} />
          </button>
        </li>
      ))}
    </ul>
  );
}
