import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { ChatScreen } from "../chat/chatScreen.tsx";
import { Icon, type IconName } from "../design/icons.tsx";
import { Mark } from "../design/mark.tsx";
import { HomeScreen } from "../home/homeScreen.tsx";
import { Overview } from "../home/overview.tsx";
import { useDaylong } from "../state/context.ts";
import { ConnectionBanner, ConnectionStatus } from "./connectionStatus.tsx";
import { HelpScreen, MonitorScreen, SettingsScreen } from "./lazyScreens.tsx";
import { PairScreen } from "./pairScreen.tsx";
import { RefusedScreen } from "./refusedScreen.tsx";
import type { Router } from "./router.ts";
import type { Route } from "./routes.ts";

const destinations: Array<{ path: string; name: string; icon: IconName; screens: Route["screen"][] }> = [
  { path: "/", name: "Sessions", icon: "sessions", screens: ["home", "chat"] },
  { path: "/monitor", name: "Monitor", icon: "monitor", screens: ["monitor"] },
  { path: "/settings", name: "Settings", icon: "settings", screens: ["settings"] },
  { path: "/help", name: "Help", icon: "help", screens: ["help"] },
];

function Navigation({ screen }: { screen: Route["screen"] }) {
  return (
    <nav class="navigation" aria-label="Daylong">
      {destinations.map(({ path, name, icon, screens }) => (
        <a key={path} href={path} aria-current={screens.includes(screen) ? "page" : undefined}>
          <Icon name={icon} />
          <span>{name}</span>
        </a>
      ))}
    </nav>
  );
}

function Screen({ route }: { route: Route }) {
  switch (route.screen) {
    case "home":
      return <Overview />;
    case "chat":
      return <ChatScreen key={route.sessionId} sessionId={route.sessionId} />;
    case "monitor":
      return <MonitorScreen />;
    case "settings":
      return <SettingsScreen />;
    case "help":
      return <HelpScreen />;
    case "pair":
      return null;
    case "nowhere":
      return (
        <div class="empty">
          <h1>There is nothing at this address</h1>
          <p>
            <a href="/">To the sessions</a>
          </p>
        </div>
      );
  }
}

/** The frame of every screen: what is where on a phone and on a desktop is decided in shell.css. */
export function Shell({ router }: { router: Router }) {
  const daylong = useDaylong();
  const { route } = router;
  const isPaired = daylong.current.value !== undefined;
  useEffect(() => {
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [route.screen]);
  if (route.screen === "help" && !isPaired)
    return (
      <Bare>
        <HelpScreen />
      </Bare>
    );
  if (!isPaired || route.screen === "pair")
    return (
      <Bare>
        <PairScreen code={route.screen === "pair" ? route.code : ""} />
      </Bare>
    );
  if (daylong.refusal.value !== undefined)
    return (
      <Bare>
        <RefusedScreen detail={daylong.refusal.value} />
      </Bare>
    );
  const isHome = route.screen === "home";
  const Pane = isHome ? "section" : "main";
  return (
    <div class="shell" data-screen={route.screen}>
      <header class="top">
        <a class="brand" href="/">
          <Mark />
          Daylong
        </a>
        <ConnectionStatus />
      </header>
      <Navigation screen={route.screen} />
      {/* On a phone it is all that the start shows: then it is the main part, and has the heading. */}
      <section class="inbox" aria-label="Inbox" role={isHome ? "main" : undefined}>
        {isHome && <h1 class="heard-only">Sessions</h1>}
        <HomeScreen openSessionId={route.screen === "chat" ? route.sessionId : undefined} />
      </section>
      <Pane class="pane" id="main" tabIndex={-1} aria-label={isHome ? "Session" : undefined}>
        <ConnectionBanner />
        <Screen route={route} />
      </Pane>
    </div>
  );
}

function Bare({ children }: { children: ComponentChildren }) {
  return (
    <main id="main" class="bare" tabIndex={-1}>
      {children}
    </main>
  );
}
