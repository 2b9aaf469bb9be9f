import { pushHelp } from "./helpWords.ts";
import "./help.css";

/** What things are and what they cost, in the order in which people ask. */
export function HelpScreen() {
  return (
    <div class="screen help">
      <h1>Help</h1>
      <nav aria-label="On this page" class="contents">
        <a href="#session">A session</a>
        <a href="#day">The 24 hours</a>
        <a href="#words">What the buttons do</a>
        <a href="#permissions">Permissions</a>
        <a href="#limits">Limits</a>
        <a href="#notifications">Notifications</a>
        <a href="#offline">Without a network</a>
        <a href="#keys">Keys</a>
      </nav>

      <section id="session" aria-labelledby="session-title">
        <h2 id="session-title">What a session is</h2>
        <p>
          A session is one conversation with Claude in one project directory on your computer. While it works
          it has a process there; a session without one is <em>parked</em> and loses nothing: your next
          message wakes it with all it knew.
        </p>
        <p>
          You can close this page, lose the network or lock the phone at any time. Claude goes on, and what it
          said is here when you come back. A message that you have sent runs once, whatever happens.
        </p>
        <p>
          Work that outlives an answer, such as a long command or a subagent, is a <em>task</em>. When one
          ends Claude speaks up by itself.
        </p>
      </section>

      <section id="day" aria-labelledby="day-title">
        <h2 id="day-title">The 24 hours</h2>
        <p>
          A session lives for 24 hours after your last message; the ring beside its name shows how much is
          left. After 20 hours you are told, and once more 15 minutes before the end. When the time is over
          its process ends. The conversation stays: a message, or “Bring it back”, begins the next 24 hours
          with the same context.
        </p>
      </section>

      <section id="words" aria-labelledby="words-title">
        <h2 id="words-title">What the buttons do</h2>
        <dl>
          <dt>Keep alive</dt>
          <dd>Opens the next 24 hours. Claude is not asked anything, so it costs nothing.</dd>
          <dt>Recap</dt>
          <dd>
            Claude sums the conversation up in a copy of it. It costs one short answer, and opens the next 24
            hours too.
          </dd>
          <dt>Stop</dt>
          <dd>Ends the answer that is being given. Running tasks go on.</dd>
          <dt>End</dt>
          <dd>
            Ends the session’s process and its tasks. The conversation stays, and the next message wakes it.
          </dd>
          <dt>Close</dt>
          <dd>Ends the session for good. It can be read, not gone on with.</dd>
          <dt>Revoke</dt>
          <dd>
            A device’s token ends at once, and what it had queued is cancelled. To come back it has to be
            paired again.
          </dd>
        </dl>
      </section>

      <section id="permissions" aria-labelledby="permissions-title">
        <h2 id="permissions-title">Permissions</h2>
        <p>
          Before Claude runs a command or changes a file it asks, and shows exactly what would run.{" "}
          <em>Allow once</em> is for this one; <em>for this session</em> holds until the session is closed;{" "}
          <em>always</em> makes a rule for the project, which is shown before you choose it. What is not
          answered within an hour is denied. With <em>Deny</em> you can tell Claude what to do instead.
        </p>
      </section>

      <section id="limits" aria-labelledby="limits-help-title">
        <h2 id="limits-help-title">Limits</h2>
        <p>
          Ten sessions have a process at a time; any number of others waits parked. When all places are taken,
          a message waits in the queue and says so, and the session that was idle longest makes room. Memory
          and CPU are bounded too. An admin device moves all these limits in the Monitor.
        </p>
        <p>
          When your Claude plan’s window is used up, messages wait and run by themselves once it begins anew.
          You are told of both.
        </p>
      </section>

      <section id="notifications" aria-labelledby="notifications-help-title">
        <h2 id="notifications-help-title">What every notification means</h2>
        <dl>
          {pushHelp.map(({ name, words }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
        <p>
          Nothing rings for what an open page has shown already. Permissions, questions, plans and forms ring
          in quiet hours too, because Claude waits for them. What can be muted is in the Settings.
        </p>
      </section>

      <section id="offline" aria-labelledby="offline-title">
        <h2 id="offline-title">Without a network</h2>
        <p>
          You can read what was loaded and write on: messages are kept in this browser, shown as waiting, and
          sent once, in their order, when the server answers again. Over plain http everything works but
          notifications, the camera and opening the page offline; the Settings name three ways to have these
          too.
        </p>
      </section>

      <section id="keys" aria-labelledby="keys-title">
        <h2 id="keys-title">Keys</h2>
        <dl class="keys">
          <dt>
            <kbd>Enter</kbd>
          </dt>
          <dd>sends; Shift+Enter breaks the line</dd>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>stops the answer</dd>
          <dt>
            <kbd>/</kbd>
          </dt>
          <dd>commands</dd>
          <dt>
            <kbd>j</kbd> <kbd>k</kbd>
          </dt>
          <dd>next and previous session</dd>
          <dt>
            <kbd>a</kbd> <kbd>d</kbd>
          </dt>
          <dd>allow once, deny</dd>
        </dl>
      </section>
    </div>
  );
}
