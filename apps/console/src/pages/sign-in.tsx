import { useState, type FormEvent, type ReactNode } from 'react';
import { Session } from '../api/answers.js';
import { ask, messageOf } from '../api/request.js';
import { SignalMark } from '../parts/signal-mark.js';
import { Problem } from '../parts/state.js';

export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => void }): ReactNode {
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    ask(Session, '/ui/session', { body: { key: key.trim() } })
      .then(
        ({ value }) => onSignedIn(value),
        (error: unknown) => setProblem(messageOf(error)),
      )
      .finally(() => setBusy(false));
  };
  return (
    <main className="sign-in">
      <form className="card" onSubmit={submit}>
        <h1>
          <SignalMark /> Signalbox
        </h1>
        <label>
          Master key
          <input
            type="password"
            autoComplete="current-password"
            autoFocus
            required
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </label>
        <Problem text={problem} />
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
        <p className="hint">
          The key of <code>general_settings.master_key</code>. You stay signed in for twelve hours.
        </p>
      </form>
    </main>
  );
}
