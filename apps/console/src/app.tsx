/** The console: signed in or not, and which page. */
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { Session } from './api/answers.js';
import { ask, messageOf } from './api/request.js';
import { FleetPage } from './pages/fleet.js';
import { KeysPage } from './pages/keys.js';
import { RequestsPage } from './pages/requests.js';
import { SignIn } from './pages/sign-in.js';
import { SpendPage } from './pages/spend.js';
import { SignalMark } from './parts/signal-mark.js';

const pages = [
  { path: '#/', label: 'Models and hosts', show: () => <FleetPage /> },
  { path: '#/keys', label: 'Keys', show: () => <KeysPage /> },
  {
    path: '#/spend',
    label: 'Spend',
    show: (session: Session) => <SpendPage reference={session.savings_reference ?? null} />,
  },
  { path: '#/requests', label: 'Requests', show: () => <RequestsPage /> },
] as const;

/** How often the session is looked at: it ends by itself, and a new master key ends it too. */
const sessionCheckMs = 60_000;

export function App(): ReactNode {
  const [session, setSession] = useState<Session | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  const check = useCallback(() => {
    ask(Session, '/ui/session').then(
      ({ value }) => {
        setSession(value);
        setProblem(null);
      },
      (error: unknown) => setProblem(messageOf(error)),
    );
  }, []);

  useEffect(() => {
    check();
    const timer = setInterval(check, sessionCheckMs);
    window.addEventListener('focus', check);
    return () => {
      clearInterval(timer);
      window.removeEventListener('focus', check);
    };
  }, [check]);

  if (session === null) return <main className="waiting">{problem ?? 'Loading …'}</main>;
  if (!session.signed_in) return <SignIn onSignedIn={setSession} />;
  return <Shell session={session} problem={problem} onSignedOut={setSession} />;
}

function Shell(props: {
  session: Session;
  problem: string | null;
  onSignedOut: (session: Session) => void;
}): ReactNode {
  const { session } = props;
  const path = usePath();
  const page = pages.find((candidate) => candidate.path === path) ?? pages[0];
  useEffect(() => {
    document.title = `${page.label} · Signalbox`;
  }, [page]);
  const signOut = () => {
    ask(Session, '/ui/session/end', { body: {} }).then(
      ({ value }) => props.onSignedOut(value),
      () => window.location.reload(),
    );
  };
  return (
    <>
      <a className="skip" href="#main" onClick={(event) => focusMain(event)}>
        To the contents
      </a>
      <header className="top">
        <a className="brand" href="#/">
          <SignalMark />
          Signalbox
        </a>
        <nav aria-label="Pages">
          {pages.map(({ path: to, label }) => (
            <a key={to} href={to} aria-current={to === page.path ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <div className="who">
          <a href="/docs">API</a>
          {session.required ? (
            <button type="button" className="quiet" onClick={signOut}>
              Sign out
            </button>
          ) : (
            <span className="pill warn" title="Set general_settings.master_key to ask for a key.">
              No master key
            </span>
          )}
        </div>
      </header>
      {props.problem === null ? null : (
        <p className="notice bad" role="status">
          {props.problem}
        </p>
      )}
      <main id="main" tabIndex={-1}>
        {page.show(session)}
      </main>
      <footer>{session.version === undefined ? 'Signalbox' : `Signalbox ${session.version}`}</footer>
    </>
  );
}

function usePath(): string {
  const [path, setPath] = useState(() => window.location.hash || '#/');
  useEffect(() => {
    const follow = () => setPath(window.location.hash || '#/');
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  return path;
}

function focusMain(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
