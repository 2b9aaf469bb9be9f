import { useEffect, useState } from "preact/hooks";
import type { Answer, PermissionMode, Project, ProjectSession } from "../../../client/src/index.ts";
import { Icon } from "../design/icons.tsx";
import { count } from "../design/quantities.ts";
import { Time } from "../design/time.tsx";
import { visible } from "../design/visibleText.ts";
import { useDaylong, useHost } from "../state/context.ts";
import { modeWords } from "../state/modeWords.ts";
import { useGo } from "../state/navigation.ts";

/** Choices of the project list that are shown at once. */
const shownProjects = 8;
const shownConversations = 12;

/** Where a new session works, with which model, and how much it asks; or an earlier conversation that goes on. */
export function NewSession({ onClose }: { onClose: () => void }) {
  const { client, sessions } = useHost();
  const go = useGo();
  const [projects, setProjects] = useState<Answer<"GET /api/projects">>();
  const [models, setModels] = useState<Answer<"GET /api/models">>();
  const [search, setSearch] = useState("");
  const [project, setProject] = useState<Project>();
  const [model, setModel] = useState("");
  const [mode, setMode] = useState<PermissionMode>("default");
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState("");

  const failed = (error: unknown) => setFault(error instanceof Error ? error.message : String(error));
  useEffect(() => {
    client.projects().then((found) => {
      setProjects(found);
      const [latest] = byUse(found.projects);
      setProject(latest);
    }, failed);
    client.models().then(setModels, () => {});
  }, []);

  const begin = async (resume?: ProjectSession) => {
    if (project === undefined) return;
    setBusy(true);
    setFault("");
    try {
      const session = await client.newSession({
        projectPath: project.path,
        model: model === "" ? undefined : model,
        permissionMode: mode,
        resume: resume?.sessionId,
        // A terminal holds it: only a copy can go on.
        fork: resume?.held === true ? true : undefined,
      });
      sessions.put(session);
      onClose();
      go(`/s/${session.sessionId}`);
    } catch (error) {
      failed(error);
      setBusy(false);
    }
  };

  return (
    <form
      class="home new-session"
      onSubmit={(event) => {
        event.preventDefault();
        void begin();
      }}
    >
      <div class="home-scroll stack">
        <div class="row">
          <h2 class="grow">New session</h2>
          <button type="button" class="button quiet icon" aria-label="Back to the sessions" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
        {projects === undefined && fault === "" && <p role="status">Reading the projects</p>}
        {projects && (
          <ProjectPicker
            found={projects}
            search={search}
            onSearch={setSearch}
            project={project}
            onChoose={setProject}
            onMade={(made) => {
              setProjects({ ...projects, projects: [made, ...projects.projects] });
              setProject(made);
              setSearch("");
            }}
          />
        )}
        <label class="field">
          <span>Model</span>
          <select value={model} onChange={(event) => setModel(event.currentTarget.value)}>
            <option value="">Default{models?.default ? `: ${models.default}` : ""}</option>
            {models?.models
              .filter(({ id }) => id !== "default")
              .map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
          </select>
        </label>
        <label class="field">
          <span>Mode</span>
          <select value={mode} onChange={(event) => setMode(event.currentTarget.value as PermissionMode)}>
            {(models?.modes ?? ["default" as const]).map((one) => (
              <option key={one} value={one}>
                {modeWords[one]}
              </option>
            ))}
          </select>
        </label>
        {project && (
          <Conversations key={project.projectId} project={project} isBusy={isBusy} onResume={begin} />
        )}
      </div>
      <div class="home-foot">
        {fault !== "" && (
          <p class="fault" role="alert">
            {fault}
          </p>
        )}
        <button type="submit" class="button primary" disabled={isBusy || project === undefined}>
          {isBusy ? "Beginning" : project ? `Begin in ${visible(project.name)}` : "Begin"}
        </button>
      </div>
    </form>
  );
}

const byUse = (projects: readonly Project[]): Project[] =>
  projects.toSorted(
    (a, b) => (b.lastActivityAt ?? 0) - (a.lastActivityAt ?? 0) || a.name.localeCompare(b.name),
  );

/** A combobox over the projects; a name that is none makes a folder. */
function ProjectPicker(props: {
  found: Answer<"GET /api/projects">;
  search: string;
  onSearch: (text: string) => void;
  project: Project | undefined;
  onChoose: (project: Project) => void;
  onMade: (project: Project) => void;
}) {
  const { found, search, onSearch, project, onChoose, onMade } = props;
  const { client } = useHost();
  const [isOpen, setOpen] = useState(false);
  const [fault, setFault] = useState("");
  const words = search.toLowerCase();
  const matching = byUse(found.projects).filter(({ path }) => path.toLowerCase().includes(words));
  const shown = matching.slice(0, shownProjects);
  const name = search.trim();
  const canMake = /^[\w][\w .-]*$/.test(name) && !found.projects.some((one) => one.name === name);
  const make = async (root: string) => {
    try {
      onMade(await client.createProject(root, name));
      setOpen(false);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  const choose = (one: Project) => {
    onChoose(one);
    onSearch("");
    setOpen(false);
  };
  return (
    <div class="picker">
      <label class="field">
        <span>Project</span>
        <input
          role="combobox"
          aria-label="Project"
          aria-expanded={isOpen}
          aria-controls="project-choices"
          aria-autocomplete="list"
          placeholder="Search, or name a new folder"
          value={isOpen ? search : (project?.name ?? search)}
          onFocus={() => setOpen(true)}
          onInput={(event) => {
            setOpen(true);
            onSearch(event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            const [first] = shown;
            if (event.key === "Enter" && isOpen) {
              event.preventDefault();
              if (first) choose(first);
            }
            if (event.key === "Escape") setOpen(false);
          }}
        />
      </label>
      {!isOpen && project && <p class="meta path">{project.path}</p>}
      <div id="project-choices" class="picker-choices" hidden={!isOpen} role="listbox" aria-label="Projects">
        {shown.map((one) => (
          <button
            key={one.projectId}
            type="button"
            role="option"
            aria-selected={one.projectId === project?.projectId}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(one)}
          >
            <span>{visible(one.name)}</span>
            <span class="meta clip path">{visible(one.path)}</span>
          </button>
        ))}
        {shown.length === 0 && !canMake && <p class="meta">No project has this name.</p>}
      </div>
      {isOpen && canMake && name !== "" && (
        <div class="row wrap">
          {found.roots.map((root) => (
            <button
              key={root}
              type="button"
              class="button small"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => make(root)}
            >
              New folder “{name}” in {root}
            </button>
          ))}
        </div>
      )}
      {fault !== "" && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

/** Conversations of the project, those of the terminal included. */
function Conversations(props: {
  project: Project;
  isBusy: boolean;
  onResume: (one: ProjectSession) => void;
}) {
  const { project, isBusy, onResume } = props;
  const { client, sessions } = useHost();
  const now = useDaylong().now.value;
  const [found, setFound] = useState<ProjectSession[]>();
  useEffect(() => {
    client.projectSessions(project.projectId, shownConversations).then(
      (answer) => setFound(answer.sessions),
      () => setFound([]),
    );
  }, []);
  const others = (found ?? []).filter(({ sessionId }) => sessions.get(sessionId) === undefined);
  if (others.length === 0) return null;
  return (
    <section class="stack" aria-label="Earlier conversations">
      <h3 class="meta">Or go on with one of {count(others.length, "earlier conversation")}</h3>
      <ul class="plain conversations">
        {others.map((one) => (
          <li key={one.sessionId}>
            <button type="button" disabled={isBusy} onClick={() => onResume(one)}>
              <span class="clip">{visible(one.title || one.firstMessage || "Conversation")}</span>
              <span class="meta">
                <Time at={one.lastActivityAt} now={now} />
                {one.held && ", open in a terminal: goes on in a copy"}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
